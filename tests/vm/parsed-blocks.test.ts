import { describe, expect, test } from "bun:test";
import { maxParsedBlocks, maxParsedBytes, ParsedBlocks } from "../../src/vm/parsed-blocks.ts";
import { bytesOf, chainOn, childOf, genesis, propose, startVm } from "../support/chain.ts";
import { refusalCodeOf } from "../support/refusal.ts";

const block = childOf(genesis, "data");

describe("the same bytes", () => {
  test("are parsed once, in any buffer", () => {
    const parsed = new ParsedBlocks();
    const first = parsed.parse(block.bytes);
    expect(first).toEqual(block);
    expect(parsed.parse(new Uint8Array(block.bytes))).toBe(first);
    expect(parsed.parse(Buffer.concat([bytesOf("xx"), block.bytes]).subarray(2))).toBe(first);
  });

  test("are parsed once by a VM that parses, verifies and accepts them", () => {
    const { vm } = startVm();
    const first = vm.parseBlock(block.bytes);
    expect(vm.verifyBlock(block.bytes)).toBe(first);
    expect(vm.getBlock(block.id)).toBe(first);
    vm.acceptBlock(block.id);
    expect(vm.lastAccepted).toBe(first);
    expect(vm.verifyBlock(block.bytes), "again").toBe(first);
  });

  test("that a VM has built are not parsed at all", () => {
    const { vm } = startVm();
    propose(vm, "data");
    const built = vm.buildBlock();
    expect(vm.verifyBlock(new Uint8Array(built.bytes))).toBe(built);
  });

  test("with one byte more are another block", () => {
    const parsed = new ParsedBlocks();
    parsed.parse(block.bytes);
    expect(parsed.parse(new Uint8Array([...block.bytes, 0x20])).id).not.toBe(block.id);
  });

  test("that are no block are refused each time, and not kept", () => {
    const parsed = new ParsedBlocks();
    for (let i = 0; i < 2; i++) expect(refusalCodeOf(() => parsed.parse(bytesOf("{}")))).toBe("malformed block");
    expect(parsed.count).toBe(0);
  });
});

test("the message that contained a block is not kept, and may be overwritten", () => {
  const message = Buffer.concat([new Uint8Array(100_000), block.bytes]);
  const parsed = new ParsedBlocks().parse(message.subarray(100_000));
  message.fill(0);
  expect(parsed).toEqual(block);
  expect(parsed.bytes.buffer.byteLength).toBe(block.bytes.length);
});

describe("what is kept is bounded", () => {
  test("in blocks: the least recently used block is dropped first", () => {
    const parsed = new ParsedBlocks();
    const chain = chainOn(genesis, maxParsedBlocks + 1);
    const [first = genesis, second = genesis] = chain;
    const kept = chain.slice(0, maxParsedBlocks).map(({ bytes }) => parsed.parse(bytes));
    expect(parsed.count).toBe(maxParsedBlocks);
    parsed.parse(first.bytes);
    parsed.parse(chain.at(-1)?.bytes ?? first.bytes);
    expect(parsed.count).toBe(maxParsedBlocks);
    expect(parsed.parse(first.bytes)).toBe(kept[0] as never);
    expect(parsed.parse(second.bytes)).not.toBe(kept[1] as never);
  });

  test("in bytes of blocks and data", () => {
    const parsed = new ParsedBlocks();
    const large = Array.from({ length: 8 }, (_, i) => childOf(genesis, new Uint8Array(1_000_000).fill(i)));
    const [{ bytes, data } = genesis] = large;
    for (const { bytes } of large) parsed.parse(bytes);
    expect(parsed.count).toBe(Math.floor(maxParsedBytes / (bytes.length + data.length)));
    parsed.add({ ...block, bytes: new Uint8Array(maxParsedBytes), data: new Uint8Array(1) });
    expect(parsed.count, "one that is too large alone").toBe(0);
    parsed.parse(block.bytes);
    expect(parsed.count).toBe(1);
  });
});
