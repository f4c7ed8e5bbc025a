import { describe, expect, test } from "bun:test";
import { idToBytes, zeroId } from "../../src/avalanche/id.ts";
import { parseBlock } from "../../src/core/block.ts";
import { formatGenesis, parseGenesis } from "../../src/core/genesis.ts";
import { bytesOf } from "../support/chain.ts";
import { refusalCodeOf, refusalOf } from "../support/refusal.ts";

/** Ids that timestampvm-rs 0.0.19 gives these chains. */
const chains = [
  { text: "2YfUpY9RCX", bytes: 110, id: "WFBLfMkNe3gTQ7Vzy3Zo5vBpQD6vq4ebZRRtgt2pVgZxARELB" },
  { text: "Hello from Rust VM!", bytes: 128, id: "iNXkHJT2LLqRhuozgXEns1K5wYmFRsLscxLL2fSYffrcjn9F8" },
  { text: "hello world", bytes: 112, id: "2NJJ8cpQuzypz6ZF6HwvEfvBRhmkJvW5rM2wZvEEPhHt25gHRg" },
  { text: "", bytes: 90, id: "cDtBhzveLXTRtPYra1iPAFz8N4aGQwvWCmZHCXJT65GbZoQGj" },
  { text: "é", bytes: 94, id: "pcVjzr9Q7tHdb4YuhUUSkbaK2nJ34osCcmid4b9buPYiY4BeD" },
];

describe("the genesis block", () => {
  test.each(chains)('of "$text" has the id that timestampvm-rs gives it', ({ text, bytes, id }) => {
    const genesis = parseGenesis(bytesOf(formatGenesis(text)));
    expect(genesis).toMatchObject({ id, parentId: zeroId, height: 0n, timestamp: 0n, data: bytesOf(text) });
    expect(genesis.bytes.length).toBe(bytes);
    expect(parseBlock(genesis.bytes)).toEqual(genesis);
  });

  test("has these bytes and this hash", () => {
    const genesis = parseGenesis(bytesOf('{"data":"2YfUpY9RCX"}'));
    expect(new TextDecoder().decode(genesis.bytes)).toBe(
      '{"parent_id":"11111111111111111111111111111111LpoYY","height":0,"timestamp":0,"data":"0x32596655705939524358"}',
    );
    expect(idToBytes(genesis.id).toHex()).toBe("4267320d6c6a723c198d41d4a380b908fa8258e4a10cb21bcc5ec30ff0ffdc93");
  });

  test.each([
    ["an unknown key", '{"data":"2YfUpY9RCX","more":[1,{}]}'],
    ["white space", ' {"data" : "2YfUpY9RCX"} \n'],
    ["an array, as serde reads a struct", '["2YfUpY9RCX"]'],
    ["an escaped key", '{"d\\u0061ta":"2YfUpY9RCX"}'],
  ])("is the same with %s", (_name, text) => {
    expect(parseGenesis(bytesOf(text)).id as string).toBe("WFBLfMkNe3gTQ7Vzy3Zo5vBpQD6vq4ebZRRtgt2pVgZxARELB");
  });
});

describe("a genesis is refused", () => {
  test.each([
    ["empty", ""],
    ["white space", " \n"],
    ["no JSON", "hello"],
    ["without data", "{}"],
    ["data twice", '{"data":"a","data":"a"}'],
    ["data no text", '{"data":1}'],
    ["data null", '{"data":null}'],
    ["two documents", '{"data":"a"}{"data":"a"}'],
    ["too long an array", '["a","b"]'],
    ["a lone surrogate", '{"data":"\\ud800"}'],
  ])("%s", (_name, text) => {
    expect(refusalCodeOf(() => parseGenesis(bytesOf(text)))).toBe("malformed genesis");
  });

  test("with the field it lacks", () => {
    expect(refusalOf(() => parseGenesis(bytesOf('{"date":"a"}')))).toEqual({
      code: "malformed genesis",
      problem: "missing field `data`",
    });
  });
});

describe("formatGenesis", () => {
  test("escapes as serde does", () => {
    expect(formatGenesis("hello world")).toBe('{"data":"hello world"}');
    expect(formatGenesis('"\\\n\u0001é😀/')).toBe('{"data":"\\"\\\\\\n\\u0001é😀/"}');
  });
});
