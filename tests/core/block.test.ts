import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { idFromBytes, parseId } from "../../src/avalanche/id.ts";
import { sha256 } from "../../src/avalanche/sha256.ts";
import { type BlockFields, createBlock, parseBlock } from "../../src/core/block.ts";
import { ChainError } from "../../src/core/errors.ts";
import { bytesOf } from "../support/chain.ts";
import { runs } from "../support/runs.ts";

const numRuns = runs(2_000, 200_000);

const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
);
const fields: fc.Arbitrary<BlockFields> = fc.record({
  parentId: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(idFromBytes),
  height: u64,
  timestamp: u64,
  data: fc.uint8Array({ maxLength: 300 }),
});

/** Blocks that timestampvm-rs would make and their ids. */
const blocks = [
  {
    text: '{"parent_id":"WFBLfMkNe3gTQ7Vzy3Zo5vBpQD6vq4ebZRRtgt2pVgZxARELB","height":1,"timestamp":1667833896,"data":"0x310a"}',
    id: "2pNDPYBHQL8FoL5LZwFWaiCHbwWuTEhZ7aLjKm727g4ff9fDup",
  },
  {
    text: '{"parent_id":"2pNDPYBHQL8FoL5LZwFWaiCHbwWuTEhZ7aLjKm727g4ff9fDup","height":2,"timestamp":1700000000,"data":"0xa948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447"}',
    id: "gK9AFd6kpnkp2fdwHxUZYUbsq27t35KGBxdZ2vviaBuwWLvpk",
  },
  {
    text: '{"parent_id":"iNXkHJT2LLqRhuozgXEns1K5wYmFRsLscxLL2fSYffrcjn9F8","height":1,"timestamp":1700000000,"data":"0x7b"}',
    id: "2p3Wu2FbHtJHmUhfoNs8qJuUy2BTMwUjkwJQJajKxFhxYua8oa",
  },
];

describe("a block of timestampvm-rs", () => {
  test.each(blocks)("has the id $id", ({ text, id }) => {
    const block = parseBlock(bytesOf(text));
    expect(block.id).toBe(parseId(id));
    expect(createBlock(block)).toEqual(block);
  });
});

describe("a block", () => {
  test("is the same after encoding and parsing", () => {
    fc.assert(
      fc.property(fields, (made) => {
        const block = createBlock(made);
        expect(block).toMatchObject(made);
        expect(block.id).toBe(idFromBytes(sha256(block.bytes)));
        expect(parseBlock(block.bytes)).toEqual(block);
      }),
      { numRuns },
    );
  });

  test("has another id when one byte differs, and keeps the bytes as received", () => {
    const block = createBlock({
      parentId: idFromBytes(new Uint8Array(32)),
      height: 1n,
      timestamp: 2n,
      data: bytesOf("x"),
    });
    const spaced = new Uint8Array([...block.bytes, 0x20]);
    expect(parseBlock(spaced)).toEqual({ ...block, bytes: spaced, id: idFromBytes(sha256(spaced)) });
    expect(parseBlock(spaced).id).not.toBe(block.id);
  });

  test("is read from its own bytes alone when they are part of a larger buffer", () => {
    const [, , { text }] = blocks as [unknown, unknown, { text: string }];
    const buffer = bytesOf(`{"${text}}`);
    expect(parseBlock(buffer.subarray(2, -1))).toEqual(parseBlock(bytesOf(text)));
  });
});

describe("hostile bytes", () => {
  test("of any kind are read or refused, and nothing else happens", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readsOrRefuses), { numRuns });
  });

  test("that look like JSON are read or refused, and nothing else happens", () => {
    const piece = fc.constantFrom(
      ...'{|}|[|]|,|:|"|"parent_id":|"height":|"timestamp":|"data":|"x"|0x|\\u0068|\\ud800|\\|1|-|.|e|0|null|true|fals| '.split(
        "|",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => readsOrRefuses(bytesOf(pieces.join("")))),
      { numRuns },
    );
  });

  test("made by a few changes to a good block are read or refused, and nothing else happens", () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255), kind: fc.constantFrom("set", "cut", "insert") });
    fc.assert(
      fc.property(fields, fc.array(change, { minLength: 1, maxLength: 4 }), (made, changes) => {
        const bytes = [...createBlock(made).bytes];
        for (const { at, byte, kind } of changes) {
          bytes.splice(at % (bytes.length + 1), kind === "insert" ? 0 : 1, ...(kind === "cut" ? [] : [byte]));
        }
        readsOrRefuses(Uint8Array.from(bytes));
      }),
      { numRuns },
    );
  });

  test("of a good block cut short at any place are refused", () => {
    const { bytes } = parseBlock(bytesOf(blocks[0]?.text ?? ""));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseBlock(bytes.subarray(0, length))).toThrow(ChainError);
    }
  });
});

/** What reads has the hash of its bytes for an id, and its canonical form reads the same. */
function readsOrRefuses(bytes: Uint8Array): void {
  let block: ReturnType<typeof parseBlock>;
  try {
    block = parseBlock(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ChainError);
    expect((error as ChainError).refusal.code).toBe("malformed block");
    return;
  }
  expect(block.id).toBe(idFromBytes(sha256(bytes)));
  const { id, bytes: canonical, ...said } = createBlock(block);
  expect(parseBlock(canonical)).toMatchObject(said);
}
