import { expect, test } from "bun:test";
import fc from "fast-check";
import { zeroId } from "../../src/avalanche/id.ts";
import { parseBlock } from "../../src/core/block.ts";
import { SerdeReader } from "../../src/core/serde-json.ts";
import { bytesOf } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import { runs } from "../support/runs.ts";

const numRuns = runs(2_000, 100_000);
const fields = `"parent_id":"${zeroId}","height":1,"timestamp":2,"data":"0x"`;

/** The parser of the runtime, on text without what it and serde see differently: broken Unicode never comes in here. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function agrees(value: string): void {
  const text = `{${fields},"ignored":[${value}]}`;
  const taken = refusalCodeOf(() => parseBlock(bytesOf(text))) === undefined;
  expect([text, taken]).toEqual([text, isJson(text)]);
}

test("any JSON value is skipped", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 6 }), agrees), { numRuns });
});

test("JSON with a few changed characters is taken exactly when JSON.parse takes it", () => {
  const change = fc.record({ at: fc.nat(), cut: fc.nat(2), put: fc.constantFrom(...'{}[]:,"\\/ue0189-+. \n\t\0tfnx') });
  fc.assert(
    fc.property(fc.json(), fc.array(change, { maxLength: 3 }), (json, changes) => {
      let text = json;
      for (const { at, cut, put } of changes) {
        const i = at % (text.length + 1);
        text = `${text.slice(0, i)}${put}${text.slice(i + cut)}`;
      }
      if (text.isWellFormed()) agrees(text);
    }),
    { numRuns },
  );
});

function readString(json: string): string | undefined {
  let read: string | undefined;
  new SerdeReader(bytesOf(`[${json}]`)).readStruct({
    only: (reader) => {
      read = reader.readString();
    },
  });
  return read;
}

test("a string is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, escaped) => {
      const units = [...Array(text.length).keys()].map((i) => text.charCodeAt(i).toString(16).padStart(4, "0"));
      const json = escaped ? `"${units.map((unit) => `\\u${unit}`).join("")}"` : JSON.stringify(text);
      expect(readString(json)).toBe(text);
    }),
    { numRuns },
  );
});

test("a string ends at the first quote that no backslash escapes", () => {
  const piece = fc.constantFrom("\\", '"', "a", "\u0041", "é", "\n", "\ufeff");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      expect(readString(JSON.stringify(text))).toBe(text);
    }),
    { numRuns },
  );
});

test("a u64 is read with all its digits, and nothing beyond it", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), (number) => {
      let read: bigint | undefined;
      try {
        new SerdeReader(bytesOf(`[${number}]`)).readStruct({ only: (reader) => (read = reader.readU64()) });
      } catch {
        read = undefined;
      }
      expect(read).toBe(number >= 0n && number < 2n ** 64n ? number : undefined);
    }),
    { numRuns },
  );
});
