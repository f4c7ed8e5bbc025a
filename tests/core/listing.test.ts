import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { zeroId } from "../../src/avalanche/id.ts";
import { createBlock } from "../../src/core/block.ts";
import { listedBytes, readDataStart } from "../../src/core/listing.ts";
import { bytesOf } from "../support/chain.ts";

const id = "2VCAhX6vE3UnXC6s1CBPE6jJ4c4cHWMfPgTQrjxLLAPMdzMZ3S";

test("the first bytes of a block in the canonical form give the beginning of its data", () => {
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 600, maxLength: 2_000 }), u64, u64, (data, height, timestamp) => {
      const { bytes } = createBlock({ parentId: zeroId, height, timestamp, data });
      const start = readDataStart(bytes.subarray(0, listedBytes));
      expect(start?.length).toBeGreaterThan(300);
      expect(start).toEqual(data.slice(0, start?.length));
    }),
  );
});

describe("no beginning of the data is given for", () => {
  test.each([
    ["white space", `{ "parent_id":"${id}","height":1,"timestamp":2,"data":"0x0102`],
    ["another order", `{"height":1,"parent_id":"${id}","timestamp":2,"data":"0x0102`],
    ["unknown members", `{"parent_id":"${id}","height":1,"timestamp":2,"x":1,"data":"0x0102`],
    ["data that begins twice", `{"parent_id":"${id}","height":1,"timestamp":2,"data":"0x0x0102`],
    ["escapes", `{"parent_id":"${id}","height":1,"timestamp":2,"data":"0x\\u0030102`],
    ["capital digits", `{"parent_id":"${id}","height":1,"timestamp":2,"data":"0xAB`],
    ["no data yet", `{"parent_id":"${id}","height":1,"timestamp":2,"data":"0x`],
    ["more than the data", `{"parent_id":"${id}","height":1,"timestamp":2,"data":"0x0102"}`],
    ["nothing", ""],
  ])("%s", (_what, text) => {
    expect(readDataStart(bytesOf(text))).toBeUndefined();
  });
});
