import { describe, expect, test } from "bun:test";
import { type Id, idFromBytes } from "../../src/avalanche/id.ts";
import { rangesOfIds } from "../../src/avalanche/id-start.ts";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { ConfirmedChain } from "../../src/vm/confirmed-chain.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, allOf, chainOn, childOf, genesis, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { openPage } from "./explorer-page.ts";

const blocks = chainOn(genesis, 300);
const { vm } = startVm();
acceptAll(vm, blocks);

/** The ids of a page's list; of a block's page, its own. */
async function found(vm: Vm, q: string): Promise<string[]> {
  const { html } = await openPage(vm, `?q=${encodeURIComponent(q)}`);
  const listed = [...html.matchAll(/<li data-block="(\w+)"/g)].map(([, id = ""]) => id);
  const own = /<dt>Block id<\/dt><dd><span class="code"><code>(\w+)</.exec(html)?.[1];
  return own === undefined ? listed : [own];
}

describe("a block is found", () => {
  test("by each start of its id", async () => {
    for (const { id } of blocks.slice(0, 5)) {
      for (let length = 6; length <= 45; length++) expect(await found(vm, id.slice(0, length))).toEqual([id]);
    }
  });

  test("among many by the least of it", async () => {
    const sharing = (start: string) => blocks.map(({ id }) => String(id)).filter((id) => id.startsWith(start));
    for (const { id } of blocks) {
      const start = id.slice(0, 6);
      expect((await found(vm, start)).toSorted()).toEqual(sharing(start).toSorted());
    }
  });

  test("by its id as the pages shorten it", async () => {
    const id = blocks[7]?.id ?? genesis.id;
    expect(await found(vm, `${id.slice(0, 8)}…${id.slice(-8)}`)).toEqual([id]);
    expect(await found(vm, ` ${id.slice(0, 8)}...${id.slice(-8)} `)).toEqual([id]);
    expect(await found(vm, `${id.slice(0, 8)}…`)).toEqual([id]);
    expect(await found(vm, `${id.slice(0, 8)}…${genesis.id.slice(-8)}`)).toEqual([]);
  });

  test("not by less than six characters, nor by more than 45, which are a whole id with a slip of the pen", async () => {
    const id = String(blocks[0]?.id);
    for (const q of [id.slice(0, 5), id.slice(0, 46), `${id.slice(0, -1)}${id.endsWith("2") ? "3" : "2"}`]) {
      expect((await openPage(vm, `?q=${q}`)).status, q).toBe(400);
    }
    const { status, text } = await openPage(vm, "?q=zzzzzz");
    expect([status, text.includes("No accepted block has an id that begins with zzzzzz.")]).toEqual([404, true]);
  });

  test("only if the node's database knows it", async () => {
    const { vm } = startVm();
    const next = childOf(genesis, "undecided");
    vm.verifyBlock(next.bytes);
    vm.acceptBlock(next.id);
    const heights = () => rangesOfIds(next.id.slice(0, 8)).flatMap((range) => vm.confirmed.findHeights(range, 10));
    expect(heights()).toEqual([]);
    expect(await found(vm, next.id.slice(0, 8))).toEqual([]);
    vm.confirm(next);
    expect(heights()).toEqual([1n]);
    expect(await found(vm, next.id.slice(0, 8))).toEqual([next.id]);
  });
});

describe("blocks with the same start", () => {
  const zeros = (last: number) => idFromBytes(new Uint8Array(32).fill(7, 0, 12).fill(last, 31));
  const shared = (start: string, ids: readonly Id[]) => ids.filter((id) => id.startsWith(start));

  /** A chain whose ids are made up, as if somebody had tried for long enough. */
  function chainOf(ids: readonly Id[]): Vm {
    const store = BlockStore.open(":memory:");
    store.accept(genesis, digestOf(genesis.data));
    let parent: Block = genesis;
    for (const id of ids) {
      parent = childOf(parent, id);
      store.acceptReencoded(id, parent);
      parent = { ...parent, id };
    }
    const confirmed = new ConfirmedChain(store, new FakeClock(), allOf(store));
    return { confirmed, status: () => ({ state: "normal operation" }) } as unknown as Vm;
  }

  test("are listed, the lowest first", async () => {
    const ids = [3, 1, 2].map(zeros);
    const start = ids[0]?.slice(0, 10) ?? "";
    expect(await found(chainOf(ids), start)).toEqual(shared(start, ids));
  });

  test("are listed up to a page of them, which says so", async () => {
    const ids = Array.from({ length: 30 }, (_, i) => zeros(i));
    const vm = chainOf(ids);
    const start = ids[0]?.slice(0, 10) ?? "";
    expect(await found(vm, start)).toHaveLength(20);
    expect((await openPage(vm, `?q=${start}`)).text).toContain("These are 20 of them. Give more of the id.");
  });
});
