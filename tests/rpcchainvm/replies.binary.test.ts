import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Error as Answer, State, Status } from "../../gen/vm/vm_pb.ts";
import { idToBytes, zeroId } from "../../src/avalanche/id.ts";
import { sha256 } from "../../src/avalanche/sha256.ts";
import { createBlock } from "../../src/core/block.ts";
import { bytesOf, chainOn, childOf, genesis } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { errorOf, statusOf } from "../support/status.ts";
import { protocolWithin, testProtocol } from "../support/test-protocol.ts";

const unknownId = new Uint8Array(32).fill(0xee);
const zeroBytes = new Uint8Array(32);
const lastAcceptedIsGenesis = {
  lastAcceptedId: idToBytes(genesis.id),
  lastAcceptedParentId: zeroBytes,
  height: 0n,
  bytes: genesis.bytes,
  timestamp: { seconds: 0n, nanos: 0 },
};

/** A plugin of its own: the test moves the chain. */
function testChain(name: string, run: (plugin: Plugin) => Promise<void>, protocol = testProtocol): void {
  test.concurrent(name, async () => {
    await using node = await FakeNode.start({ protocol });
    const plugin = await node.startPlugin();
    await plugin.initialize();
    await run(plugin);
  });
}

let sharedNode: FakeNode;
let shared: Plugin;
beforeAll(async () => {
  sharedNode = await FakeNode.start();
  shared = await sharedNode.startPlugin();
  await shared.initialize();
});
afterAll(() => sharedNode[Symbol.asyncDispose]());

/** The plugin that all such tests share: the chain stays at its genesis, with nothing to build. */
function testGenesis(name: string, run: (plugin: Plugin) => Promise<void>): void {
  test.concurrent(name, () => run(shared));
}

describe("last accepted block", () => {
  test.concurrent("Initialize gives the genesis block, its timestamp 0 present", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    expect(await plugin.initialize()).toMatchObject(lastAcceptedIsGenesis);
  });

  testGenesis("SetState gives it in every state", async ({ vm }) => {
    for (const state of [State.STATE_SYNCING, State.BOOTSTRAPPING, State.NORMAL_OP, State.UNSPECIFIED]) {
      expect(await vm.setState({ state })).toMatchObject(lastAcceptedIsGenesis);
    }
  });
});

describe("GetBlock", () => {
  testGenesis("genesis: a parent of 32 zero bytes and a timestamp at 0", async ({ vm }) => {
    expect(await vm.getBlock({ id: idToBytes(genesis.id) })).toMatchObject({
      parentId: zeroBytes,
      bytes: genesis.bytes,
      height: 0n,
      timestamp: { seconds: 0n, nanos: 0 },
      err: Answer.UNSPECIFIED,
    });
  });

  testGenesis("an unknown id: NOT_FOUND in the reply, no error", async ({ vm }) => {
    expect(await vm.getBlock({ id: unknownId })).toMatchObject({ err: Answer.NOT_FOUND });
    expect(await vm.getBlock({ id: zeroBytes })).toMatchObject({ err: Answer.NOT_FOUND });
  });
});

describe("GetBlockIDAtHeight", () => {
  testChain("accepted heights only; all others NOT_FOUND, up to the last u64", async (plugin) => {
    await plugin.toNormalOperation();
    const one = await plugin.proposeAndAccept("one");
    await plugin.proposeAndVerify("two");
    const idAt = async (height: bigint) => {
      const { blkId, err } = await plugin.vm.getBlockIDAtHeight({ height });
      return err === Answer.NOT_FOUND ? "not found" : blkId;
    };
    expect(await idAt(0n)).toEqual(idToBytes(genesis.id));
    expect(await idAt(1n)).toEqual(one.id);
    for (const height of [2n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(await idAt(height)).toBe("not found");
    }
  });
});

describe("ParseBlock", () => {
  testGenesis("gives id, parent, height and time, over the whole of u64", async ({ vm }) => {
    for (const height of [0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      const fields = { parentId: zeroId, height, timestamp: 253_402_300_799n, data: bytesOf("data") };
      const { bytes } = createBlock(fields);
      const { id, parentId, timestamp, ...reply } = await vm.parseBlock({ bytes });
      expect(id).toEqual(sha256(bytes));
      expect(parentId).toEqual(zeroBytes);
      expect(reply.height).toBe(height);
      expect(timestamp).toMatchObject({ seconds: 253_402_300_799n, nanos: 0 });
      expect(reply.verifyWithContext).toBeFalsy();
    }
  });

  testGenesis("junk is refused at once, however large", async ({ vm }) => {
    const junk = [
      new Uint8Array(),
      bytesOf("null"),
      bytesOf("[".repeat(2_000_000)),
      bytesOf(`{"parent_id":"${"1".repeat(2_000_000)}"`),
      new Uint8Array(64 * 1024 * 1024),
    ];
    for (const bytes of junk) expect(await statusOf(vm.parseBlock({ bytes }))).toBe("InvalidArgument");
  });
});

describe("until protocol 35, the status of a block", () => {
  testChain(
    "is processing above the last accepted block, below it accepted or rejected",
    async (plugin) => {
      await plugin.toNormalOperation();
      const block = await plugin.proposeAndAccept("one");
      const next = await plugin.proposeAndVerify("two");
      const parsed = async (bytes: Uint8Array) => (await plugin.vm.parseBlock({ bytes })).status;
      expect(await parsed(genesis.bytes)).toBe(Status.ACCEPTED);
      expect(await parsed(block.bytes)).toBe(Status.ACCEPTED);
      expect(await parsed(childOf(genesis, "loser").bytes)).toBe(Status.REJECTED);
      expect(await parsed(next.bytes)).toBe(Status.PROCESSING);
      const { response } = await plugin.vm.batchedParseBlock({ request: [next.bytes, block.bytes] });
      expect(response.map(({ status }) => status)).toEqual([Status.PROCESSING, Status.ACCEPTED]);

      const stored = async (id: Uint8Array) => (await plugin.vm.getBlock({ id })).status;
      expect(await stored(next.id)).toBe(Status.PROCESSING);
      expect(await stored(block.id)).toBe(Status.ACCEPTED);
      expect(await stored(idToBytes(genesis.id))).toBe(Status.ACCEPTED);
    },
    protocolWithin(16, 35),
  );
});

describe("GetAncestors", () => {
  /** A chain of genesis and two accepted blocks. */
  async function acceptTwo({ vm }: Plugin): Promise<Uint8Array[]> {
    const blocks = chainOn(genesis, 2);
    for (const { bytes, id } of blocks) {
      await vm.blockVerify({ bytes });
      await vm.blockAccept({ id: idToBytes(id) });
    }
    return [genesis, ...blocks].map(({ bytes }) => bytes).reverse();
  }
  const second = 1_000_000_000n;

  testChain("budgets that are used up or negative still give the block itself", async (plugin) => {
    const [two = new Uint8Array()] = await acceptTwo(plugin);
    const least = -(2 ** 31);
    for (const limits of [
      { maxBlocksNum: 0, maxBlocksSize: 0, maxBlocksRetrivalTime: 0n },
      { maxBlocksNum: 10, maxBlocksSize: -1, maxBlocksRetrivalTime: second },
      { maxBlocksNum: least, maxBlocksSize: least, maxBlocksRetrivalTime: -(2n ** 63n) },
      { maxBlocksNum: 10, maxBlocksSize: 1_000_000, maxBlocksRetrivalTime: -second },
      { maxBlocksNum: 10, maxBlocksSize: 1_000_000, maxBlocksRetrivalTime: 1_000n }, // a microsecond
    ]) {
      const { blksBytes } = await plugin.vm.getAncestors({ blkId: sha256(two), ...limits });
      expect(blksBytes).toEqual([two]);
    }
  });

  testGenesis("an unknown block: an empty list, no error", async ({ vm }) => {
    const { blksBytes } = await vm.getAncestors({ blkId: unknownId, maxBlocksNum: 10, maxBlocksSize: 1_000_000 });
    expect(blksBytes).toEqual([]);
  });
});

describe("building and deciding", () => {
  testGenesis("BuildBlock takes the P-chain's height, and has nothing to build without data", async ({ vm }) => {
    expect(await errorOf(vm.buildBlock({ pChainHeight: 7n }))).toMatchObject({
      rawMessage: "nothing to build: no proposal is waiting for a block",
    });
  });

  testChain("a decision may come again, not be reversed, and never for a block unknown", async ({ vm }) => {
    const [winner, loser] = [childOf(genesis, "winner"), childOf(genesis, "loser")];
    for (const { bytes } of [winner, loser]) await vm.blockVerify({ bytes });
    const [winnerId, loserId] = [idToBytes(winner.id), idToBytes(loser.id)];
    await vm.blockAccept({ id: winnerId });
    await vm.blockReject({ id: loserId });
    expect(await statusOf(vm.blockAccept({ id: winnerId }))).toBe("OK");
    expect(await statusOf(vm.blockReject({ id: loserId }))).toBe("OK");
    expect(await statusOf(vm.blockAccept({ id: loserId }))).toBe("FailedPrecondition");
    expect(await statusOf(vm.blockReject({ id: winnerId }))).toBe("FailedPrecondition");
    expect(await statusOf(vm.blockAccept({ id: unknownId }))).toBe("FailedPrecondition");
    expect(await statusOf(vm.blockReject({ id: unknownId }))).toBe("FailedPrecondition");
    expect(await statusOf(vm.setPreference({ id: unknownId }))).toBe("OK");
  });
});

describe("handlers", () => {
  testGenesis("/rpc and /explorer, served on a loopback port of their own", async (plugin) => {
    const { handlers } = await plugin.vm.createHandlers({});
    const serverAddr = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
    expect(handlers).toMatchObject(["/rpc", "/explorer"].map((prefix) => ({ prefix, serverAddr })));
    expect(handlers[0]?.serverAddr).not.toBe(plugin.handshake.addr);
  });

  testChain(
    "until protocol 30, /static, with or without a chain",
    async (plugin) => {
      const [handler] = (await plugin.vm.createHandlers({})).handlers;
      const { handlers } = await plugin.vm.createStaticHandlers({});
      expect(handlers).toMatchObject([{ prefix: "/static", serverAddr: expect.stringMatching(/^127\.0\.0\.1:\d+$/) }]);
      expect(handlers[0]?.serverAddr, "on a thread that has no chain").not.toBe(handler?.serverAddr);
    },
    protocolWithin(16, 30),
  );
});
