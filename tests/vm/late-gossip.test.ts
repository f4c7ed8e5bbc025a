import { describe, expect, test } from "bun:test";
import { BlockStore } from "../../src/store/block-store.ts";
import { lateGossipBlocks } from "../../src/vm/vm.ts";
import { acceptAll, bytesOf, chainOn, childOf, genesis, peer, startVm } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("gossip of data that a block carries", () => {
  test("comes late, also after a restart", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { vm } = startVm({ file });
    const blocks = chainOn(genesis, 3);
    acceptAll(vm, blocks);
    vm.addGossip(
      [...blocks, genesis].map(({ data }) => data),
      peer,
    );
    expect(vm.status().mempool.items).toBe(0);
    const marker = vm.headMarker;
    vm.close();
    const { vm: again } = startVm({ file, marker });
    again.addGossip(
      [...blocks, genesis].map(({ data }) => data),
      peer,
    );
    expect(again.status().mempool.items).toBe(0);
    again.addGossip([bytesOf("new")], peer);
    expect(again.status().mempool.items).toBe(1);
    again.close();
  });

  test("is not late when the block was rejected", () => {
    const { vm } = startVm();
    vm.rejectBlock(vm.verifyBlock(childOf(genesis, "rejected").bytes).id);
    vm.addGossip([bytesOf("rejected")], peer);
    expect(vm.status().mempool.items).toBe(1);
  });

  test("is not late when the block was rewound", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const { vm } = startVm({ file });
    acceptAll(vm, [childOf(genesis, "lost")]);
    vm.close();
    const { vm: again } = startVm({ file, marker: undefined }); // the node's database is another one
    expect(again.status()).toMatchObject({ lastAccepted: { height: 0n }, mempool: { items: 0 } });
    again.addGossip([bytesOf("lost")], peer);
    expect(again.status().mempool.items).toBe(1);
    again.close();
  });

  test("is late within the newest 10,000 blocks, by the last block that carries it", () => {
    expect(lateGossipBlocks).toBe(10_000n);
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const blocks = [genesis];
    const texts = ["old", "older than 10,000", "the last late one", ...Array.from({ length: 9_998 }, (_, i) => `${i}`)];
    for (const text of texts) blocks.push(childOf(blocks.at(-1) ?? genesis, text));
    blocks.push(childOf(blocks.at(-1) ?? genesis, "old"));
    const store = BlockStore.open(file);
    store.acceptAll(blocks);
    const { instanceId } = store;
    const { height, id } = store.lastAccepted();
    store.close();
    expect(height).toBe(10_002n);
    const { vm } = startVm({ file, marker: { instanceId, height, id } });
    vm.addGossip(["old", "the last late one", "9997"].map(bytesOf), peer);
    expect(vm.status().mempool.items).toBe(0);
    vm.addGossip([bytesOf("older than 10,000")], peer);
    expect(vm.status().mempool.items).toBe(1);
    vm.close();
  });
});
