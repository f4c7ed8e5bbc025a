import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Id, idFromBytes, idToBytes } from "../../src/avalanche/id.ts";
import { type Block, parseBlock } from "../../src/core/block.ts";
import { blockKey } from "../../src/core/block-key.ts";
import { rsHeadKey } from "../../src/plugin/rs/stored-block.ts";
import { bytesOf, chainOn, genesis } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { type RsBlock, type RsChain, readRsChain, rsEntries } from "../support/rs-chain.ts";
import { errorOf, statusOf } from "../support/status.ts";

const headMarker = "timestampvm/v1/head";
const seenHead = "timestampvm/v1/rs-head";
const takenOver = "took over the chain of timestampvm-rs";
const leftOut = "left out blocks of timestampvm-rs";
const chain = readRsChain("chain");

/** A node whose database timestampvm-rs has written. */
async function nodeAfter({ entries }: Pick<RsChain, "entries">): Promise<FakeNode> {
  const node = await FakeNode.start();
  for (const [key, value] of entries) node.database.set(key, value);
  return node;
}

/** As the node asks for each block that it knows to be accepted. */
async function expectBlocks(plugin: Plugin, blocks: readonly RsBlock[]): Promise<void> {
  for (const { id, height, bytes } of blocks) {
    expect((await plugin.vm.getBlockIDAtHeight({ height: BigInt(height) })).blkId).toEqual(idToBytes(id));
    const found = await plugin.vm.getBlock({ id: idToBytes(id) });
    expect(Bun.hash(found.bytes)).toBe(Bun.hash(bytes));
  }
}

/** The name and the hash of each file in the chain data directory. */
function filesOf({ databaseFile }: FakeNode): [string, bigint | number][] {
  const directory = dirname(databaseFile);
  return readdirSync(directory).map((name) => [name, Bun.hash(readFileSync(join(directory, name)))]);
}

/** How often one of its blocks was asked for. */
function readsOf(node: FakeNode): number {
  return node.database.calls.filter((call) => call.startsWith("get \0/")).length;
}

describe("a chain of timestampvm-rs in the node's database", () => {
  test.concurrent("is taken over whole, and left there", async () => {
    await using node = await nodeAfter(chain);
    const plugin = await node.startPlugin();
    const { lastAcceptedId, height, bytes } = await plugin.initialize({ genesisBytes: chain.genesisBytes });
    expect([idFromBytes(lastAcceptedId), height]).toEqual([chain.head.id, BigInt(chain.accepted.length)]);
    expect(bytes).toEqual(chain.head.bytes);
    await expectBlocks(plugin, chain.accepted);
    expect(await plugin.log.wait(takenOver)).toMatchObject({
      level: "info",
      lastAccepted: chain.head.id,
      height: 31,
      blocks: 32,
    });
    expect(plugin.log.find(leftOut)).toBeUndefined();
    expect(node.database.entries.size).toBe(chain.entries.length + 2);
    expect(node.database.entries.get(headMarker)?.slice(16).toHex()).toBe(
      `${"00".repeat(7)}1f${idToBytes(chain.head.id).toHex()}`,
    );
    expect(node.database.entries.get(seenHead)).toEqual(idToBytes(chain.head.id));
    const writes = node.database.calls.filter((call) => !call.startsWith("get"));
    expect(writes).toEqual([`put ${headMarker}`, `put ${seenHead}`]);
  });

  test.concurrent("goes on from its head, over a restart, and is taken over only once", async () => {
    await using node = await nodeAfter(chain);
    const fields = { genesisBytes: chain.genesisBytes };
    const first = await node.startPlugin();
    await first.start(fields);
    const block = await first.proposeAndAccept("the next");
    expect([idFromBytes(block.parentId), block.height]).toEqual([chain.head.id, 32n]);
    await first.shutDown();
    const reads = readsOf(node);

    const second = await node.startPlugin();
    await second.start(fields);
    expect((await second.proposeAndAccept("and one more")).parentId).toEqual(block.id);
    await expectBlocks(second, chain.accepted);
    expect(readsOf(node)).toBe(reads);
    expect(second.log.find(takenOver)).toBeUndefined();
  });

  test.concurrent("is not taken over when its head is no id", async () => {
    await using node = await nodeAfter({ entries: [[rsHeadKey, new Uint8Array(31)]] });
    const plugin = await node.startPlugin();
    expect((await plugin.initialize()).height).toBe(0n);
    expect(plugin.log.find(takenOver)).toBeUndefined();
  });
});

describe("a take-over that is interrupted begins anew:", () => {
  const long = [genesis, ...chainOn(genesis, 900)];

  test.concurrent("by kill -9 while it reads", async () => {
    await using node = await nodeAfter({ entries: rsEntries(long) });
    const first = await node.startPlugin();
    const reached = Promise.withResolvers<void>();
    node.database.before = async () => {
      if (readsOf(node) < 800) return;
      reached.resolve();
      await new Promise(() => {}); // for ever
    };
    const initializing = statusOf(first.initialize());
    await reached.promise;
    await first.vm.version({}); // it serves while it waits
    expect(Bun.file(node.databaseFile).size + Bun.file(`${node.databaseFile}-wal`).size).toBeGreaterThan(200_000);
    await first.kill9();
    await initializing;
    expect(node.database.entries.has(headMarker)).toBe(false);

    node.database.before = () => {};
    await expectWhole(node, long.length);
  });

  test.concurrent("by kill -9 before the marker is written, when the file is on the disk", async () => {
    await using node = await nodeAfter({ entries: rsEntries(long) });
    const first = await node.startPlugin();
    const { held } = node.database.holdNextPut();
    const initializing = statusOf(first.initialize());
    await held;
    expect(node.database.calls.at(-1)).toBe(`put ${headMarker}`);
    expect(first.log.find(takenOver)).toMatchObject({ height: 900 });
    await first.kill9();
    await initializing;
    expect(node.database.entries.has(headMarker)).toBe(false);
    await expectWhole(node, long.length);
  });

  test.concurrent("by a node's database that fails", async () => {
    await using node = await nodeAfter({ entries: rsEntries(long) });
    const plugin = await node.startPlugin();
    node.database.before = () => {
      node.database.closed = readsOf(node) > 700;
    };
    const { rawMessage } = await errorOf(plugin.initialize());
    expect(rawMessage).toBe("the node's database answered Get with error 1");
    node.database.before = () => {};
    node.database.closed = false;
    expect((await plugin.initialize()).height).toBe(900n);
  });

  async function expectWhole(node: FakeNode, count: number): Promise<void> {
    const plugin = await node.startPlugin();
    await plugin.start();
    expect(await plugin.log.wait(takenOver)).toMatchObject({ height: count - 1, blocks: count });
    expect(await fetchChain(plugin, long.at(-1)?.id ?? genesis.id)).toEqual(long.map(({ bytes }) => bytes));
    expect((await plugin.proposeAndAccept("goes on")).height).toBe(BigInt(count));
  }
});

/** As a peer fetches it, which is given as much at once as others can wait for. */
async function fetchChain({ vm }: Plugin, newest: Id): Promise<Uint8Array[]> {
  const chain: Uint8Array[] = [];
  for (let next: Id | undefined = newest; next !== undefined; ) {
    const limits = { maxBlocksNum: 1_000, maxBlocksSize: 1e9, maxBlocksRetrivalTime: 10n ** 11n };
    const { blksBytes } = await vm.getAncestors({ blkId: idToBytes(next), ...limits });
    chain.push(...blksBytes);
    const { parentId, height } = parseBlock(blksBytes.at(-1) ?? new Uint8Array());
    next = height > 0n ? parentId : undefined;
  }
  return chain.reverse();
}

describe("timestampvm-rs in our place, and ours again:", () => {
  const common = [genesis, ...chainOn(genesis, 3)];
  const head = common.at(-1) ?? genesis;
  const parted = "timestampvm-rs went on without these blocks";
  const longer = [...common, ...chainOn(head, 4)];
  const [, between] = longer.slice(common.length) as [Block, Block];

  /** A node whose chain timestampvm-rs began, and ours went on with two blocks; then timestampvm-rs, with `blocks`. */
  async function nodeAfterBoth(blocks: readonly Block[]): Promise<FakeNode> {
    const node = await nodeAfter({ entries: rsEntries(common) });
    const plugin = await node.startPlugin();
    await plugin.start();
    for (const data of ["ours", "ours as well"]) await plugin.proposeAndAccept(data);
    await plugin.propose("still waits");
    await plugin.shutDown();
    letGoOn(node, blocks);
    return node;
  }

  function letGoOn(node: FakeNode, blocks: readonly Block[]): void {
    for (const [key, value] of rsEntries(blocks)) node.database.set(key, value);
  }

  /** Starts ours, which must be where timestampvm-rs was, with what it did not have waiting in order. */
  async function expectTakenOver(node: FakeNode, blocks: readonly Block[]): Promise<Plugin> {
    const plugin = await node.startPlugin();
    const { height, lastAcceptedId } = await plugin.initialize();
    expect([height, idFromBytes(lastAcceptedId)]).toEqual([BigInt(blocks.length - 1), blocks.at(-1)?.id ?? genesis.id]);
    await expectBlocks(
      plugin,
      blocks.map((block) => ({ ...block, height: Number(block.height), decision: "accepted" })),
    );
    expect(node.database.entries.get(seenHead)).toEqual(lastAcceptedId);
    await plugin.toNormalOperation();
    for (const data of ["ours", "ours as well", "still waits"]) {
      const block = await plugin.buildAndVerify();
      expect(parseBlock(block.bytes).data).toEqual(bytesOf(data));
      await plugin.vm.blockAccept({ id: block.id });
    }
    return plugin;
  }

  test.concurrent("its other branch is taken over, and what ours had above waits again", async () => {
    await using node = await nodeAfterBoth(longer);
    const plugin = await expectTakenOver(node, longer);
    expect(plugin.log.find(parted)).toMatchObject({ level: "warn", from: 5, to: 3 });
    expect(plugin.log.find(takenOver)).toMatchObject({ height: 7, blocks: 4 }); // no more are read
  });

  test.concurrent("and again, and again", async () => {
    await using node = await nodeAfterBoth(longer);
    await (await expectTakenOver(node, longer)).shutDown();
    const longest = [...longer, ...chainOn(longer.at(-1) ?? genesis, 1)];
    letGoOn(node, longest);
    await (await expectTakenOver(node, longest)).shutDown();
    const last = await node.startPlugin();
    await last.start();
    await last.log.wait("initialized");
    expect([last.log.find(takenOver), last.log.find(parted)]).toEqual([undefined, undefined]);
  });

  test.concurrent("what an earlier version did not note is not taken for a change", async () => {
    await using node = await nodeAfterBoth([]);
    node.database.delete(bytesOf(seenHead));
    const plugin = await node.startPlugin();
    expect((await plugin.initialize()).height).toBe(5n);
    await plugin.log.wait("initialized");
    expect([plugin.log.find(takenOver), plugin.log.find(parted)]).toEqual([undefined, undefined]);
    expect(node.database.entries.get(seenHead)).toEqual(idToBytes(head.id));
  });

  test.concurrent("but its other branch is seen without a note", async () => {
    await using node = await nodeAfterBoth(longer);
    node.database.delete(bytesOf(seenHead));
    await expectTakenOver(node, longer);
  });

  describe("where its chain cannot be followed down to ours, since a block between is missing", () => {
    /** A node that refused to start the chain, with all that it has as it was before. */
    async function refusingNode(): Promise<FakeNode> {
      const node = await nodeAfterBoth(longer);
      node.database.delete(blockKey(between.id));
      const before = [filesOf(node), new Map(node.database.entries)];
      const plugin = await node.startPlugin();
      const { rawMessage } = await errorOf(plugin.initialize());
      expect(rawMessage).toContain("timestampvm-rs went on to block ");
      expect(rawMessage).toContain("put a sound copy of its database back; or move the chain data directory away");
      await plugin.kill9();
      expect([filesOf(node), new Map(node.database.entries)]).toEqual(before);
      return node;
    }

    test.concurrent("nothing is touched, and a sound database is a cure", async () => {
      await using node = await refusingNode();
      letGoOn(node, longer);
      await expectTakenOver(node, longer);
    });

    test.concurrent("nothing is touched, and moving our file away is a cure", async () => {
      await using node = await refusingNode();
      const directory = dirname(node.databaseFile);
      renameSync(directory, `${directory}-moved`);
      const plugin = await node.startPlugin();
      expect((await plugin.initialize()).height).toBe(0n);
      expect(await plugin.log.wait(leftOut)).toMatchObject({ level: "warn" });
      await plugin.toNormalOperation();
      expect((await plugin.proposeAndAccept("begins anew")).parentId).toEqual(idToBytes(genesis.id));
      await plugin.shutDown();
      const next = await node.startPlugin();
      expect((await next.initialize()).height).toBe(1n);
    });
  });

  test.concurrent("if it accepted nothing, the log says how to follow the node back", async () => {
    await using node = await nodeAfterBoth([]);
    const plugin = await node.startPlugin();
    await plugin.initialize();
    const { cure } = await plugin.log.wait("timestampvm-rs left off below");
    expect(cure).toContain(`timestampvm db rollback ${node.databaseFile} --to 3`);
  });

  // Each call of the node's database is a moment at which a plugin waits. Between those that are left out, nothing changes.
  test.concurrent.each([
    ["before the blocks are sought", 3, "get \0/"],
    ["before the blocks are read that are added", 7, "get \0/"],
    ["before the last of them is read", 10, "get \0/"],
    ["before the marker is written", 11, `put ${headMarker}`],
    ["before it is noted what was seen", 12, `put ${seenHead}`],
  ])("kill -9 %s changes nothing", async (_name, at, call) => {
    await using node = await nodeAfterBoth(longer);
    const first = await node.startPlugin();
    const reached = Promise.withResolvers<string>();
    let calls = 0;
    node.database.before = async (name) => {
      if (calls++ < at) return;
      reached.resolve(name);
      await new Promise(() => {}); // for ever
    };
    const initializing = statusOf(first.initialize());
    expect(await reached.promise).toStartWith(call);
    await first.kill9();
    await initializing;
    node.database.before = () => {};
    await expectTakenOver(node, longer);
  });
});

describe("a take-over", () => {
  test.concurrent("waits for a plugin that is about to leave", async () => {
    await using node = await FakeNode.start();
    const first = await node.startPlugin();
    await first.start();
    await first.proposeAndAccept("lost with the node's database");
    node.database.entries.clear();
    for (const [key, value] of chain.entries) node.database.set(key, value);
    const second = await node.startPlugin();
    const asked = node.database.next("get last_accepted_block");
    const initializing = second.initialize();
    await asked;
    await first.kill9();
    expect((await initializing).height).toBe(0n); // its genesis is another
  });
});
