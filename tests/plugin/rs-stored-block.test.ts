import { describe, expect, test } from "bun:test";
import { idToBytes } from "../../src/avalanche/id.ts";
import { blockKey } from "../../src/core/block-key.ts";
import { parseRsBlock, rsHeadKey } from "../../src/plugin/rs/stored-block.ts";
import { bytesOf } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import { readRsChain, rsValue } from "../support/rs-chain.ts";

const chain = readRsChain("chain");
const valueByKey = new Map(chain.entries.map(([key, value]) => [key.toHex(), value]));

describe("what timestampvm-rs stored", () => {
  test("is the id of its head", () => {
    expect(valueByKey.get(rsHeadKey.toHex())).toEqual(idToBytes(chain.head.id));
  });

  test("is each accepted block, up to a megabyte of data", () => {
    for (const { id, bytes } of chain.accepted) {
      const value = valueByKey.get(blockKey(id).toHex()) ?? new Uint8Array();
      expect(parseRsBlock(value).toHex()).toBe(bytes.toHex());
    }
    expect(
      chain.accepted
        .map(({ bytes }) => bytes.length)
        .sort((a, b) => a - b)
        .at(-1),
    ).toBeGreaterThan(2_097_152);
  });

  test("is each rejected block, which is refused", () => {
    const rejected = chain.blocks.filter(({ decision }) => decision === "rejected");
    expect(rejected.length).toBe(4);
    for (const { id } of rejected) {
      const value = valueByKey.get(blockKey(id).toHex()) ?? new Uint8Array();
      expect(() => parseRsBlock(value)).toThrow("not stored as accepted");
    }
  });

  test("is no block that nobody decided", () => {
    const undecided = chain.blocks.filter(({ decision }) => decision === "none");
    expect(undecided.map(({ id }) => valueByKey.has(blockKey(id).toHex()))).toEqual([false, false]);
  });

  test("has the form in which our tests write it", () => {
    const { id, bytes } = chain.head;
    expect(rsValue(bytes)).toEqual(valueByKey.get(blockKey(id).toHex()) ?? new Uint8Array());
  });
});

describe("a value is read", () => {
  test.each([
    ["of one byte", '{"block_bytes":[0],"status":"Accepted"}', [0]],
    [
      "of the bytes with one, two and three digits",
      '{"block_bytes":[0,9,10,99,100,255],"status":"Accepted"}',
      [0, 9, 10, 99, 100, 255],
    ],
  ])("%s", (_name, text, bytes) => {
    expect([...parseRsBlock(bytesOf(text))]).toEqual(bytes);
  });
});

describe("a value is refused", () => {
  test.each([
    ["that is empty", ""],
    ["that is a block", '{"parent_id":"1","height":0,"timestamp":0,"data":"0x"}'],
    ["under another key", '{"block_bytez":[123],"status":"Accepted"}'],
    ["with another separator", '{"block_bytes":[123;34],"status":"Accepted"}'],
    ["without bytes", '{"block_bytes":[],"status":"Accepted"}'],
    ["that is cut off in its bytes", '{"block_bytes":[123,34'],
    ["that is cut off in its status", '{"block_bytes":[123,34],"status":"Accep'],
    ["whose head and tail overlap", '{"block_bytes":["status":"Accepted"}'],
    ["with more behind it", '{"block_bytes":[123],"status":"Accepted"} '],
    ["with a space", '{"block_bytes":[123, 34],"status":"Accepted"}'],
    ["with a number that is no byte", '{"block_bytes":[256],"status":"Accepted"}'],
    ["with a leading zero", '{"block_bytes":[01],"status":"Accepted"}'],
    ["with a sign", '{"block_bytes":[-1],"status":"Accepted"}'],
    ["with a comma too many at the start", '{"block_bytes":[,1],"status":"Accepted"}'],
    ["with a comma too many in the middle", '{"block_bytes":[1,,1],"status":"Accepted"}'],
    ["with a comma too many at the end", '{"block_bytes":[1,],"status":"Accepted"}'],
    ["of a block that is processing", '{"block_bytes":[123],"status":"Processing"}'],
    ["of a block that was rejected", '{"block_bytes":[123],"status":"Rejected"}'],
    ["of a block of which nothing is known", '{"block_bytes":[123],"status":{"Unknown":"default"}}'],
  ])("%s", (_name, text) => {
    expect(refusalCodeOf(() => parseRsBlock(bytesOf(text)))).toBe("malformed block");
  });
});
