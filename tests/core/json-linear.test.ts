import { describe, expect, test } from "bun:test";
import { parseBlock } from "../../src/core/block.ts";
import { SerdeReader } from "../../src/core/serde-json.ts";
import { bytesOf } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import { refused, taken } from "./json-shapes.ts";

/** What a peer can send at most, less the room for what is around a shape. */
const maxMessageBytes = 2 * 1024 * 1024 - 200;
// Nothing is timed: a second pass for each byte would take an hour, and so fail.
describe("two megabytes come to an end:", () => {
  test.each(Object.entries(taken))("%s, taken", (_name, shape) => {
    expect(refusalCodeOf(() => parseBlock(bytesOf(shape(maxMessageBytes))))).toBeUndefined();
  });

  test.each(Object.entries(refused))("%s, refused", (_name, shape) => {
    expect(refusalCodeOf(() => parseBlock(bytesOf(shape(maxMessageBytes))))).toBe("malformed block");
  });
});

const someBytes = 20_000;
/** How often a byte is looked at: a key twice for its syntax, and once for each of the four fields. */
const maxLooksPerByte = 8;
/** What is decoded are the values of the four fields, each looked for a backslash, and cut out once or twice. */
const maxCuts = 8;

describe("each byte is looked at a few times, and only the fields' values are decoded:", () => {
  test.each(Object.entries({ ...taken, ...refused }))("%s", (_name, shape) => {
    const { bytes, work } = counted(bytesOf(shape(someBytes)));
    try {
      new SerdeReader(bytes).readStruct({
        parent_id: (json) => json.readString(),
        height: (json) => json.readU64(),
        timestamp: (json) => json.readU64(),
        data: (json) => json.readString(),
      });
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
    }
    expect(work.looks).toBeLessThan(maxLooksPerByte * bytes.length);
    expect(work.cuts).toBeLessThanOrEqual(maxCuts);
  });
});

/** Bytes that count what is done with them. */
function counted(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly work: { looks: number; cuts: number } } {
  const work = { looks: 0, cuts: 0 };
  const get = (target: Uint8Array, name: string | symbol) => {
    if (name === "length") return target.length;
    if (name === "subarray") {
      work.cuts++;
      return target.subarray.bind(target);
    }
    if (typeof name !== "string" || !/^\d+$/.test(name)) throw new Error(`unexpected use: ${String(name)}`);
    work.looks++;
    return target[Number(name)];
  };
  return { bytes: new Proxy(bytes, { get }), work };
}
