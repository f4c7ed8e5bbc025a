import { expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { maxRecentDigests, RecentDigests } from "../../src/vm/recent-digests.ts";
import { acceptAll, bytesOf, chainOn, genesis, peer, startVm } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const digest = (i: number) => digestOf(bytesOf(`${i}`));

test("the newest digests are remembered, so many and no more", () => {
  const recent = new RecentDigests();
  for (let i = 0; i < maxRecentDigests; i++) recent.add(digest(i));
  expect([0, 1, maxRecentDigests - 1].map((i) => recent.has(digest(i)))).toEqual([true, true, true]);
  recent.add(digest(0)); // new again
  recent.add(digest(maxRecentDigests));
  expect([0, 1, 2, maxRecentDigests].map((i) => recent.has(digest(i)))).toEqual([true, false, true, true]);
});

test("after a restart the accepted blocks' data are remembered", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const { vm } = startVm({ file });
  const blocks = chainOn(genesis, 3);
  acceptAll(vm, blocks);
  const marker = vm.headMarker;
  vm.close();
  const { vm: again } = startVm({ file, marker });
  for (const { data } of [genesis, ...blocks]) again.addGossip([data], peer);
  expect(again.status().mempool.items).toBe(0);
  again.close();
});
