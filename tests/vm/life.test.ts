import { expect, test } from "bun:test";
import { bytesOf, childOf, genesis, now, propose, startVm } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

test("one block's life", async () => {
  using directory = temporaryDirectory();
  const file = directory.file("timestampvm.db");
  const { vm, gossiped } = startVm({ file });
  const consensus = new AbortController().signal;

  // A chain starts with its genesis: accepted, preferred, nothing to do.
  expect(vm.lastAccepted).toEqual(genesis);
  expect(vm.getBlockIdAtHeight(0n)).toBe(genesis.id);
  const event = vm.waitForEvent(consensus);

  // A client proposes data: it waits in the mempool, peers get it, consensus is woken.
  propose(vm, "hello");
  expect(gossiped).toEqual([bytesOf("hello")]);
  await event;

  // The node whose turn it is builds: a value, nothing more. Nobody else knows of it.
  const built = vm.buildBlock();
  expect(built).toMatchObject({ parentId: genesis.id, height: 1n, timestamp: now, data: bytesOf("hello") });
  expect(vm.getBlock(built.id)).toBeUndefined();

  // Every node parses and verifies what it gets: from now on it is processing, and may be preferred.
  const parsed = vm.parseBlock(built.bytes);
  expect(parsed).toEqual(built);
  expect(vm.verifyBlock(parsed.bytes)).toEqual(built);
  vm.setPreference(built.id);
  expect(vm.getBlock(built.id)).toEqual(built);
  expect(vm.getBlockIdAtHeight(1n)).toBeUndefined();
  expect(vm.getAcceptedBlock(built.id)).toBeUndefined();
  expect(vm.status()).toMatchObject({ processing: 1, mempool: { items: 1, bytes: 5 } });

  // A rival of another node, at the same height, is processing as well.
  const rival = vm.verifyBlock(childOf(genesis, "rival").bytes);
  expect(vm.status().processing).toBe(2);

  // Consensus accepts the first: it is on disk, the rival is gone, and its data leaves the mempool.
  vm.acceptBlock(built.id);
  vm.rejectBlock(rival.id);
  expect(vm.lastAccepted).toEqual(built);
  expect(vm.getBlockIdAtHeight(1n)).toBe(built.id);
  expect(vm.getBlock(rival.id)).toBeUndefined();
  expect(vm.headMarker).toMatchObject({ height: 1n, id: built.id });
  expect(vm.status()).toMatchObject({
    state: "normal operation",
    lastAccepted: { id: built.id, height: 1n, timestamp: now },
    processing: 0,
    mempool: { items: 0, bytes: 0 },
    blocks: { built: 1, verified: 2, accepted: 1, rejected: 1 },
    proposals: { submitted: 1, gossiped: 0 },
  });

  // After a restart it is still there.
  const marker = vm.headMarker;
  vm.close();
  const again = startVm({ file, marker });
  expect(again.vm.lastAccepted).toEqual(built);
  expect(again.vm.getAncestors(built.id, { maxBlocks: 10, maxBytes: 10_000, maxMs: 10 })).toEqual([built, genesis]);
  again.vm.close();
});
