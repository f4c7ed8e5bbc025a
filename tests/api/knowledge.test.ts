import { expect, test } from "bun:test";
import { knowledgeOf } from "../../src/api/knowledge.ts";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { createBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { systemClock } from "../../src/vm/clock.ts";
import { ConfirmedChain } from "../../src/vm/confirmed-chain.ts";
import { childOf, genesis } from "../support/chain.ts";

const node = nodeIdFromBytes(new Uint8Array(20).fill(1));
const other = nodeIdFromBytes(new Uint8Array(20).fill(2));
const timestamp = 1_700_000_000n;
const ms = timestamp * 1_000n;

test.each([
  ["nothing: nobody saw it", undefined, { claim: "unconfirmed" }],
  [
    "what it saw itself",
    { ms: ms + 1n, node, isImported: false },
    { claim: "confirmed", firstSight: { time: timestamp + 1n, node, own: true } },
  ],
  [
    "what another node saw, which decides nothing",
    { ms, node: other, isImported: false },
    { claim: "unconfirmed", firstSight: { time: timestamp, node: other, own: false } },
  ],
  [
    "what an import says that it saw, which decides nothing",
    { ms, node, isImported: true },
    { claim: "unconfirmed", firstSight: { time: timestamp, node, own: false } },
  ],
  [
    "that it was there before its time",
    { ms: ms - 60_001n, node, isImported: false },
    { claim: "false", firstSight: { time: timestamp - 60n, node, own: true } },
  ],
  ["no time of a clock that was wrong", { ms: -1n, node, isImported: false }, { claim: "unconfirmed" }],
] as const)("a node knows of a block %s", (_what, firstSight, known) => {
  using store = open();
  const block = childOf(genesis, "data", timestamp);
  store.accept(block, digestOf(block.data), firstSight);
  const chain = new ConfirmedChain(store, systemClock, { height: 1n, waiting: 0 });
  expect(knowledgeOf(chain, node)(block)).toEqual(known);
});

test("a node says that the bytes of a block are not those of its id", () => {
  using store = open();
  const stored = childOf(genesis, "data", timestamp);
  const { id } = createBlock({ ...stored, data: new Uint8Array(1) });
  store.acceptReencoded(id, stored);
  const chain = new ConfirmedChain(store, systemClock, { height: 1n, waiting: 0 });
  expect(knowledgeOf(chain, node)(chain.last)).toEqual({ claim: "unconfirmed", reencoded: true });
});

test("nobody proposed genesis", () => {
  using store = open();
  const chain = new ConfirmedChain(store, systemClock, { height: 0n, waiting: 0 });
  expect(knowledgeOf(chain, node)(chain.last)).toEqual({});
});

function open(): BlockStore & Disposable {
  const store = BlockStore.open(":memory:");
  store.acceptAll([genesis]);
  return Object.assign(store, { [Symbol.dispose]: () => store.close() });
}
