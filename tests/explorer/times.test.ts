import { describe, expect, test } from "bun:test";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { type Block, createBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import type { FirstSight } from "../../src/core/time-claim.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { ConfirmedChain } from "../../src/vm/confirmed-chain.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { allOf, bytesOf, childOf, genesis } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { identity } from "../support/identity.ts";
import { openPage } from "./explorer-page.ts";

// 2023-11-14 22:13:20 UTC.
const claimed = 1_700_000_000n;
const node = identity.nodeId ?? nodeIdFromBytes(new Uint8Array(20));
const other = nodeIdFromBytes(new Uint8Array(20).fill(9));

/** So many seconds after the claimed time. */
function seen(seconds: bigint, by = node, isImported = false): FirstSight {
  return { ms: (claimed + seconds) * 1_000n, node: by, isImported };
}

/** The chain that this node serves: after genesis, blocks with this data, each seen so. */
function chainSeen(...blocks: readonly (readonly [data: string, sight: FirstSight | undefined])[]) {
  const store = BlockStore.open(":memory:");
  store.accept(genesis, digestOf(genesis.data));
  let parent: Block = genesis;
  for (const [data, sight] of blocks) {
    parent = childOf(parent, data, claimed);
    store.accept(parent, digestOf(parent.data), sight);
  }
  return served(store);
}

function served(store: BlockStore): Vm {
  const confirmed = new ConfirmedChain(store, new FakeClock(), allOf(store));
  return { confirmed, status: () => ({ state: "normal operation" }) } as unknown as Vm;
}

describe.each([
  [
    "that this node confirms",
    seen(1n),
    "Existed by 2023-11-14 22:13:21 UTC seen by this node",
    "confirmed: this node saw the block within a minute of it",
    "2023-11-14 22:13:20 UTC",
    "seen by this node 2023-11-14 22:13:21 UTC",
  ],
  [
    "that is ahead of this node's clock",
    seen(-300n),
    "Existed by 2023-11-14 22:08:20 UTC seen by this node",
    "not the time it was made: this node saw the block before",
    "claimed 2023-11-14 22:13:20 UTC",
    "seen by this node 2023-11-14 22:08:20 UTC: the claimed one is not the time it was made",
  ],
  [
    "that this node saw late",
    seen(300n),
    "Existed by 2023-11-14 22:18:20 UTC seen by this node",
    "not confirmed by this node",
    "claimed 2023-11-14 22:13:20 UTC",
    "seen by this node 2023-11-14 22:18:20 UTC",
  ],
  [
    "of which only another node has a sight",
    seen(1n, other),
    "Claimed 2023-11-14 22:13:20 UTC not confirmed by this node",
    "not confirmed by this node",
    "claimed 2023-11-14 22:13:20 UTC",
    `${other} says: seen 2023-11-14 22:13:21 UTC`,
  ],
  [
    "whose sight was imported",
    seen(1n, node, true),
    "Claimed 2023-11-14 22:13:20 UTC not confirmed by this node",
    "not confirmed by this node",
    "claimed 2023-11-14 22:13:20 UTC",
    `${node} says: seen 2023-11-14 22:13:21 UTC`,
  ],
  [
    "that nobody has seen",
    undefined,
    "Claimed 2023-11-14 22:13:20 UTC not confirmed by this node",
    "not confirmed by this node",
    "claimed 2023-11-14 22:13:20 UTC",
    "not confirmed by this node",
  ],
] as const)("the time of a block %s", (_what, sight, headline, verdict, inList, seenWords) => {
  const vm = chainSeen(["data", sight]);

  test("is judged on the block's page, and on that of what it carries", async () => {
    for (const query of ["?height=1", `?digest=${digestOf(bytesOf("data"))}`]) {
      const { text } = await openPage(vm, query);
      expect(text, query).toContain(headline);
      expect(text, query).toContain(`2023-11-14 22:13:20 UTC`);
      expect(text, query).toContain(verdict);
    }
    expect((await openPage(vm, "?height=1")).text).toContain(
      `First seen${sight === undefined ? "not known" : seenWords}`,
    );
  });

  test("is called a claim in lists unless it is confirmed, with what was seen", async () => {
    const { texts } = await openPage(vm);
    expect((await texts(".blocks .when"))[0]).toBe(inList);
    expect((await texts(".blocks .about > span"))[1]).toBe(seenWords);
  });
});

test("no page says how long ago or how soon something is", async () => {
  const vm = chainSeen(["data", seen(-300n)]);
  for (const query of ["", "?height=1", `?digest=${digestOf(bytesOf("data"))}`]) {
    expect((await openPage(vm, query)).text).not.toMatch(/\bago\b|\bin \d+ (second|minute|hour)|just now/);
  }
});

test("data existed by the first sight of any block that carries it; first stamped is the lowest one", async () => {
  const vm = chainSeen(["data", seen(1n, other)], ["else", seen(1n)], ["data", seen(30n)], ["data", seen(40n)]);
  const { text, html } = await openPage(vm, `?digest=${digestOf(bytesOf("data"))}`);
  expect(text).toContain("First stampedExisted by 2023-11-14 22:13:50 UTC seen by this node");
  expect(text).toContain("in block 1, which carries the data itself");
  expect(html).toContain("not confirmed by this node");
});

test("a block whose stored bytes are not those of its id is no proof, and is called so", async () => {
  const store = BlockStore.open(":memory:");
  store.accept(genesis, digestOf(genesis.data));
  const stored = childOf(genesis, "stored", claimed);
  store.acceptReencoded(createBlock({ ...stored, data: bytesOf("original") }).id, stored);
  const vm = served(store);
  for (const query of ["?height=1", `?digest=${digestOf(bytesOf("stored"))}`]) {
    const { text, html } = await openPage(vm, query);
    expect(text, query).toContain("do not hash to its id");
    expect(html, query).not.toContain('class="button" data-proof');
  }
  expect((await openPage(vm)).text.match(/encoded again: no proof/g)).toHaveLength(1);
});
