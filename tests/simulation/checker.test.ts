import { describe, expect, test } from "bun:test";
import { type Block, createBlock } from "../../src/core/block.ts";
import { bytesOf, childOf, genesis, now } from "../support/chain.ts";
import { check, type Evidence, findForks, type Proposed } from "./checker.ts";

/** Blocks with these texts, one on the other. */
function chainOf(...texts: readonly string[]): Block[] {
  const chain = [genesis];
  for (const text of texts) chain.push(childOf(chain.at(-1) ?? genesis, text));
  return chain;
}

function proposed(text: string, again = 0): Proposed {
  return { text, isAcknowledged: true, again };
}

function checkThat(evidence: Partial<Evidence>): string[] {
  return check({
    chains: [chainOf("a", "b")],
    proposals: [proposed("a"), proposed("b")],
    strays: new Set(),
    ...evidence,
  });
}

test("a run in which each proposal is in one block of one chain is good", () => {
  expect(checkThat({ chains: [chainOf("a", "b"), chainOf("a", "b")] })).toEqual([]);
});

describe("a proposal", () => {
  test("that was acknowledged and is in no block is lost", () => {
    expect(checkThat({ proposals: [proposed("a"), proposed("b"), proposed("c")] })).toEqual([
      '"c" was acknowledged and is lost',
    ]);
  });

  test("that nobody acknowledged may be in no block", () => {
    const unanswered = { text: "c", isAcknowledged: false, again: 0 };
    expect(checkThat({ proposals: [proposed("a"), proposed("b"), unanswered] })).toEqual([]);
  });

  test("that is in two blocks is one too many", () => {
    expect(checkThat({ chains: [chainOf("a", "b", "a")] })).toEqual(['"a" is in 2 blocks instead of 1']);
  });

  test("that was proposed again behind its block may be in two, not in three", () => {
    const proposals = [proposed("a", 1), proposed("b")];
    expect(checkThat({ chains: [chainOf("a", "b", "a")], proposals })).toEqual([]);
    expect(checkThat({ chains: [chainOf("a", "b", "a", "a")], proposals })).toEqual([
      '"a" is in 3 blocks instead of 2',
    ]);
  });

  test("that nobody made is reported, unless others brought it up", () => {
    expect(checkThat({ proposals: [proposed("a")] })).toEqual(['nobody proposed "b", which is in a block']);
    expect(checkThat({ proposals: [proposed("a")], strays: new Set(["b"]) })).toEqual([]);
  });
});

describe("a chain", () => {
  test("that is shorter than another one is behind", () => {
    expect(checkThat({ chains: [chainOf("a", "b"), chainOf("a")] })).toEqual(["node 1 is behind"]);
  });

  test("with another block is a fork, whether or not the run is over", () => {
    const [one, other] = [chainOf("a", "b"), chainOf("a", "c", "d")];
    expect(checkThat({ chains: [one, other] })).toContain("node 0 has another block at height 2");
    expect(findForks([one, other].map((chain) => chain.map(({ id }) => id)))).toEqual([
      "node 0 has another block at height 2",
    ]);
  });

  test("that is the beginning of another one, or empty, is no fork", () => {
    expect(findForks([chainOf("a", "b"), chainOf("a"), []].map((chain) => chain.map(({ id }) => id)))).toEqual([]);
  });

  test("with an id that is not the hash of the bytes is found", () => {
    const [first, second, third] = chainOf("a", "b") as [Block, Block, Block];
    const changed = { ...third, bytes: new Uint8Array([...third.bytes, 0x20]) };
    expect(checkThat({ chains: [[first, second, changed]] })).toEqual([
      "node 0: the id of block 2 is not the hash of its bytes",
    ]);
  });

  test("whose time goes back is found, one whose time stands is not", () => {
    const first = childOf(genesis, "a", now);
    expect(checkThat({ chains: [[genesis, first, childOf(first, "b", now)]] })).toEqual([]);
    expect(checkThat({ chains: [[genesis, first, childOf(first, "b", now - 1n)]] })).toEqual([
      "node 0: time goes back at block 2",
    ]);
  });

  test("with a gap or a wrong parent is found", () => {
    const first = childOf(genesis, "a");
    const high = createBlock({ parentId: first.id, height: 3n, timestamp: now, data: bytesOf("b") });
    expect(checkThat({ chains: [[genesis, first, high]] })).toEqual(["node 0: block 2 says height 3"]);
    const stray = createBlock({ parentId: genesis.id, height: 2n, timestamp: now, data: bytesOf("b") });
    expect(checkThat({ chains: [[genesis, first, stray]] })).toEqual(["node 0: block 2 has another parent"]);
  });
});
