import { describe, expect, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { idToBytes } from "../../src/avalanche/id.ts";
import { chainOn, genesis } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { errorOf, statusOf } from "../support/status.ts";

const key = "timestampvm/v1/head";

/** `count` blocks on a fresh chain; the plugin that made them is gone. */
async function runChain(node: FakeNode, count: number): Promise<void> {
  const plugin = await node.startPlugin();
  await plugin.start();
  for (let i = 0; i < count; i++) await plugin.proposeAndAccept(`block ${i}`);
  await plugin.shutDown();
}

/** Starts the chain again. Gives its height, and how often and why it was rewound. */
async function restart(node: FakeNode): Promise<{ plugin: Plugin; height: bigint; rewound: unknown[] }> {
  const plugin = await node.startPlugin();
  const { height } = await plugin.initialize();
  await plugin.log.wait("initialized");
  const rewound = plugin.log.lines
    .filter(({ event }) => event === "rewound the chain")
    .map(({ from, to, reason, level }) => ({ from, to, reason, level }));
  return { plugin, height, rewound };
}

describe("the head marker", () => {
  test.concurrent("is instance id, height and block id, written at Initialize and at each accept", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    const first = node.database.entries.get(key) ?? new Uint8Array();
    const instance = first.slice(0, 16);
    expect(instance).not.toEqual(new Uint8Array(16));
    expect(first.toHex()).toBe(`${instance.toHex()}${"00".repeat(8)}${idToBytes(genesis.id).toHex()}`);

    const { id } = await plugin.proposeAndAccept("one");
    const second = node.database.entries.get(key) ?? new Uint8Array();
    expect(second.toHex()).toBe(`${instance.toHex()}${"00".repeat(7)}01${id.toHex()}`);
    expect(node.database.calls).toEqual([
      `get ${key}`,
      "get last_accepted_block", // of timestampvm-rs
      `put ${key}`,
      `put ${key}`,
    ]);
  });

  test.concurrent("is written after our own file, and before the answer and what clients see", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    const block = await plugin.proposeAndVerify("one");
    const { held } = node.database.holdNextPut();
    let answered = false;
    const accepting = statusOf(plugin.vm.blockAccept({ id: block.id })).then((status) => {
      answered = true;
      return status;
    });
    await held;
    expect(await plugin.vm.getBlockIDAtHeight({ height: 1n })).toMatchObject({ blkId: block.id });
    expect(answered).toBe(false);
    const asked = { id: new Bun.CryptoHasher("sha256").update("one").digest("hex"), waitMs: 1_000 };
    expect(await plugin.call("getReceipt", [asked])).toMatchObject({ status: "processing" });
    await plugin.kill9();
    await accepting;

    const { height, rewound } = await restart(node);
    expect(height).toBe(0n);
    expect(rewound).toMatchObject([{ from: 1, to: 0, reason: "the node's database is behind", level: "warn" }]);
  });

  test.concurrent("follows the chain in order, however slow the node's database is", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    const [one, two] = chainOn(genesis, 2);
    for (const block of [one, two]) await plugin.vm.blockVerify({ bytes: block?.bytes ?? new Uint8Array() });
    const { held, letGo } = node.database.holdNextPut();
    const first = plugin.vm.blockAccept({ id: idToBytes(one?.id ?? genesis.id) });
    await held;
    const second = plugin.vm.blockAccept({ id: idToBytes(two?.id ?? genesis.id) });
    await plugin.vm.version({}); // it has arrived
    letGo();
    await Promise.all([first, second]);
    expect(node.database.entries.get(key)?.toHex()).toEndWith(idToBytes(two?.id ?? genesis.id).toHex());
  });
});

describe("a marker", () => {
  test.concurrent("that the node cannot store fails the accept, and the chain is rewound at the next start", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    await plugin.proposeAndAccept("one");
    const block = await plugin.proposeAndVerify("two");
    node.database.failWrites();
    const error = await errorOf(plugin.vm.blockAccept({ id: block.id }));
    expect(error.rawMessage).toContain("no space left on device");
    node.database.before = () => {};
    await plugin.shutDown();

    const { height, rewound } = await restart(node);
    expect([height, rewound.length]).toEqual([1n, 1]);
  });

  test.concurrent("that the node cannot store fails Initialize, which can be tried again", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    node.database.failWrites();
    expect((await errorOf(plugin.initialize())).rawMessage).toContain("no space left on device");
    node.database.before = () => {};
    expect(await statusOf(plugin.initialize())).toBe("OK");
  });

  test.concurrent("in a database that is closed fails Initialize and accepts, in its own words", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    node.database.closed = true;
    const refused = await errorOf(plugin.initialize());
    expect(refused.rawMessage).toBe("the node's database answered Get with error 1");
    node.database.closed = false;
    await plugin.start();
    const { id } = await plugin.proposeAndVerify("one");
    node.database.closed = true;
    const failed = await errorOf(plugin.vm.blockAccept({ id }));
    expect(failed.rawMessage).toBe("the node's database answered Put with error 1");
  });

  test.concurrent("of a node that is not reachable: Initialize fails", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    expect(await statusOf(plugin.initialize({ dbServerAddr: "127.0.0.1:1" }))).toBe("Unavailable");
    expect(await plugin.log.wait("cannot initialize")).toMatchObject({ level: "error" });
  });
});

describe("start after", () => {
  test.concurrent("the chain data directory was wiped: from genesis, and the marker follows", async () => {
    await using node = await FakeNode.start();
    await runChain(node, 2);
    rmSync(node.chainDataDir, { recursive: true });
    const { height, rewound } = await restart(node);
    expect([height, rewound]).toEqual([0n, []]);
    expect(node.database.entries.get(key)?.slice(16).toHex()).toBe(`${"00".repeat(8)}${idToBytes(genesis.id).toHex()}`);
  });

  test.concurrent("the chain data directory is older than the database: it stays as it is", async () => {
    await using node = await FakeNode.start();
    await runChain(node, 1);
    const backup = `${node.workingDir}/backup`;
    cpSync(node.chainDataDir, backup, { recursive: true });
    const plugin = await node.startPlugin();
    await plugin.start();
    await plugin.proposeAndAccept("later");
    await plugin.shutDown();
    rmSync(node.chainDataDir, { recursive: true });
    cpSync(backup, node.chainDataDir, { recursive: true });
    const { height, rewound } = await restart(node);
    expect([height, rewound]).toEqual([1n, []]);
  });

  test.concurrent("the database came from another chain data directory: from genesis", async () => {
    await using node = await FakeNode.start();
    await using other = await FakeNode.start();
    await Promise.all([runChain(node, 2), runChain(other, 3)]);
    for (const [name, value] of other.database.entries) node.database.entries.set(name, value);
    const { height, rewound } = await restart(node);
    expect(height).toBe(0n);
    expect(rewound).toMatchObject([{ reason: "the node's database belongs to another chain data directory" }]);
  });

  test.concurrent("the node's database holds junk under our key: from genesis", async () => {
    await using node = await FakeNode.start();
    await runChain(node, 1);
    node.database.entries.set(key, new Uint8Array(3));
    expect((await restart(node)).height).toBe(0n);
  });

  test.concurrent("whatever happened, the node's database was never closed", async () => {
    await using node = await FakeNode.start();
    await runChain(node, 1);
    expect(node.database.calls).not.toContain("close");
  });
});
