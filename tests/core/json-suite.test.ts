import { describe, expect, test } from "bun:test";
import { zeroId } from "../../src/avalanche/id.ts";
import { parseBlock } from "../../src/core/block.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import suite from "./json-suite.json" with { type: "json" };

// The cases of JSONTestSuite, by what RFC 8259 says of them, as the value of a key that no block has. What the RFC leaves
// to the reader is "goodForSerde": serde_json 1.0.116 takes it in a value that is ignored (de.rs:1094). One character of
// these texts is one byte.

const { goodForSerde, bad } = suite;
const good = [...suite.good, `"${"x".repeat(5_000)}"`, `${"[".repeat(500)}${"]".repeat(500)}`, "9".repeat(400)];

const fields = `"parent_id":"${zeroId}","height":1,"timestamp":2,"data":"0x"`;
const places: Readonly<Record<string, (value: string) => string>> = {
  first: (value) => `{"ignored":${value},${fields}}`,
  last: (value) => `{${fields},"ignored":${value}}`,
  inside: (value) => `{"ignored":[0,{"k":${value}}],${fields}}`,
};

function verdict(text: string): "read" | string | undefined {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  let timestamp: bigint | undefined;
  const code = refusalCodeOf(() => {
    ({ timestamp } = parseBlock(bytes));
  });
  return timestamp === 2n ? "read" : code;
}

describe.each(Object.entries(places))("an ignored value, %s in the block,", (_name, place) => {
  test.each(good)("that is JSON is skipped: %j", (value) => expect(verdict(place(value))).toBe("read"));
  test.each(goodForSerde)("that serde takes is skipped: %j", (value) => expect(verdict(place(value))).toBe("read"));
  test.each(bad)("that is not JSON is refused: %j", (value) => expect(verdict(place(value))).toBe("malformed block"));
});

describe("beside the fields of a block,", () => {
  const keyed = (key: string) => verdict(`{${key}:1,${fields}}`);

  test.each(['"x"', '""', '"\\u0000"', '"\\ud83d\\ude39"', '"\xc3\xa9"', '"HEIGHT"', '"height "', '"__proto__"'])(
    "the key %s is unknown",
    (key) => {
      expect(keyed(key)).toBe("read");
    },
  );

  test.each(['"\\ud800"', '"\xff"', '"\xc0\x80"', '"\\x"', '"\n"', "x", "'x'", "1", "null"])(
    "the key %j is refused",
    (key) => {
      expect(keyed(key)).toBe("malformed block");
    },
  );
});
