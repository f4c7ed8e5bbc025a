import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { idToBytes } from "../../src/avalanche/id.ts";
import { digestOf } from "../../src/core/digest.ts";
import { askOperated } from "../../src/operator/ask.ts";
import { pointerName } from "../../src/operator/socket-file.ts";
import { encodeGossip } from "../../src/plugin/gossip.ts";
import { formatHeadMarker, headMarkerKey } from "../../src/plugin/head-marker.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { db } from "../cli/db-support.ts";
import { within } from "../fake-node/deadline.ts";
import { openElsewhere } from "../store/child-process.ts";
import { bytesOf, childOf, genesis } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { reasonOf, until } from "../support/promise.ts";
import { temporaryDirectory } from "../support/temporary.ts";

async function startPlugin(node: FakeNode): Promise<Plugin> {
  const plugin = await node.startPlugin();
  await plugin.start();
  return plugin;
}

const socketOf = (node: FakeNode) => readFileSync(join(node.chainDataDir, pointerName), "utf8");

async function waitingAt(node: FakeNode): Promise<string[]> {
  const ids: string[] = [];
  await askOperated(node.chainDataDir, { do: "list" }, (line) => {
    if ("proposal" in line) ids.push(line.proposal.id);
  });
  return ids;
}

describe("the operator's door of a plugin", () => {
  test.concurrent("is there from Initialize to the end, for its user alone", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.initialize();
    const socket = socketOf(node);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(await waitingAt(node)).toEqual([]);
    await plugin.shutDown();
    expect(existsSync(socket)).toBeFalse();
    expect(readdirSync(node.chainDataDir)).toEqual(["timestampvm.db"]);
  });

  test.concurrent("clears what stays cleared after a kill, and takes the place of what the kill left", async () => {
    await using node = await FakeNode.start();
    const first = await startPlugin(node);
    await first.propose("ours");
    await first.propose("a mistake");
    await first.vm.appGossip({ nodeId: new Uint8Array(20), msg: encodeGossip([bytesOf("theirs"), bytesOf("more")]) });
    expect(await waitingAt(node)).toHaveLength(4);
    expect(await askOperated(node.chainDataDir, { do: "clear peers" })).toEqual({ cleared: 2n });
    const asked = { do: "clear", id: digestOf(bytesOf("a mistake")), evenPromised: true } as const;
    expect(await askOperated(node.chainDataDir, asked)).toEqual({ cleared: 1n });
    await first.kill9();
    expect(await reasonOf(waitingAt(node))).toMatchObject({ refusal: { code: "no door" } });

    const second = await startPlugin(node);
    expect(await waitingAt(node)).toEqual([digestOf(bytesOf("ours"))]);
    await second.shutDown();
    expect(readdirSync(node.chainDataDir)).toEqual(["timestampvm.db"]);
  });

  test.concurrent("clears what a processing block carries: that is accepted all the same", async () => {
    await using node = await FakeNode.start();
    const plugin = await startPlugin(node);
    const { id } = await plugin.proposeAndVerify("carried");
    const asked = { do: "clear", id: digestOf(bytesOf("carried")), evenPromised: true } as const;
    expect(await askOperated(node.chainDataDir, asked)).toEqual({ cleared: 1n });
    await plugin.vm.blockAccept({ id });
    expect(await plugin.call("getReceipt", { id: asked.id, waitMs: 25_000 })).toMatchObject({ status: "accepted" });
    await plugin.proposeAndAccept("the next one");
    expect(await waitingAt(node)).toEqual([]);
  });

  test.concurrent("is nothing that clients can reach", async () => {
    await using node = await FakeNode.start();
    const plugin = await startPlugin(node);
    const { methods } = (await plugin.call("rpc.discover")) as { methods: { name: string }[] };
    expect(methods.filter(({ name }) => /mempool|clear|drop|backup|operator/i.test(name))).toEqual([]);
  });

  test.concurrent("keeps every other process out of the database, whatever was asked", async () => {
    await using node = await FakeNode.start();
    using elsewhere = temporaryDirectory();
    const plugin = await startPlugin(node);
    await plugin.proposeAndAccept("one");
    await askOperated(node.chainDataDir, { do: "back up", file: elsewhere.file("copy.db") });
    await waitingAt(node);
    await askOperated(node.chainDataDir, { do: "clear peers" });
    const write = `
      const { Database } = await import("bun:sqlite");
      try { new Database(process.argv.at(-1)).run("DELETE FROM mempool"); console.log("written"); }
      catch ({ code }) { console.log(code); }
    `;
    const child = Bun.spawn([process.execPath, "-e", write, node.databaseFile], { stdout: "pipe" });
    expect((await child.stdout.text()).trim()).toStartWith("SQLITE_BUSY");
    expect(await openElsewhere(node.databaseFile)).toMatchObject({ code: "database in use" });
    await plugin.proposeAndAccept("two");
  });
});

/** Proposes and accepts for as long as `work` takes. Gives how many blocks that were. */
async function underLoad(plugin: Plugin, work: Promise<unknown>): Promise<number> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  let blocks = 0;
  while (!isDone) await plugin.proposeAndAccept(`under load ${blocks++}`);
  return blocks;
}

/** A database that takes some seconds to be copied, and its head. */
let largeFile = "";
let largeMarker: Uint8Array = new Uint8Array();
let directory: ReturnType<typeof temporaryDirectory>;
beforeAll(() => {
  directory = temporaryDirectory();
  largeFile = directory.file("large.db");
  const store = BlockStore.open(largeFile);
  store.setDurability("normal");
  const blocks = [genesis];
  for (let last = genesis; blocks.length <= 20_000; blocks.push(last)) {
    last = childOf(last, `${blocks.length}`.padEnd(2_000));
  }
  store.acceptAll(blocks);
  const { height, id } = store.lastAccepted();
  largeMarker = formatHeadMarker({ instanceId: store.instanceId, height, id });
  store.close();
});
afterAll(() => directory[Symbol.dispose]());

/** A plugin of a large chain. */
async function startLarge(node: FakeNode): Promise<Plugin> {
  mkdirSync(node.chainDataDir, { recursive: true });
  cpSync(largeFile, node.databaseFile);
  node.database.set(headMarkerKey, largeMarker);
  return startPlugin(node);
}

/** Begins a backup; resolves once blocks were copied, with how it ends: its last line, or why there is none. */
async function begin(node: FakeNode, file: string): Promise<{ readonly outcome: Promise<unknown> }> {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const outcome = askOperated(node.chainDataDir, { do: "back up", file }, () => resolve()).catch((error) => error);
  await Promise.race([begun, outcome]);
  return { outcome };
}

describe("a backup of a running plugin", () => {
  test("under load is sound, has the same blocks, and the chain opens from it", async () => {
    await using node = await FakeNode.start();
    using elsewhere = temporaryDirectory();
    const plugin = await startPlugin(node);
    for (let i = 0; i < 30; i++) await plugin.proposeAndAccept(`block ${i}`.padEnd(100_000));
    await plugin.propose("waits");
    const copy = elsewhere.file("copy.db");
    const making = askOperated(node.chainDataDir, { do: "back up", file: copy });
    await underLoad(plugin, making);
    expect(await making).toMatchObject({ backup: { lastAccepted: expect.any(String) } });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    await plugin.proposeAndAccept("after the backup");
    await plugin.shutDown();
    expect(db("check", copy)).toMatchObject({ code: 0, out: expect.stringMatching(/sound\n$/) });

    const [original, copied] = [node.databaseFile, copy].map((file) => BlockStore.open(file));
    if (original === undefined || copied === undefined) throw new Error("no files");
    const { height, id } = copied.lastAccepted();
    expect(height).toBeGreaterThanOrEqual(30n);
    expect([...copied.history(0n, height)]).toEqual([...original.history(0n, height)]);
    expect(copied.instanceId).toEqual(original.instanceId);
    for (const store of [original, copied]) store.close();

    rmSync(node.databaseFile);
    cpSync(copy, node.databaseFile);
    const restored = await node.startPlugin();
    const answer = await restored.initialize();
    expect([answer.height, answer.lastAcceptedId.toHex()]).toEqual([height, idToBytes(id).toHex()]);
    await restored.toNormalOperation();
    await restored.proposeAndAccept("goes on");
  });

  test("that is killed in the middle leaves the database whole, and no backup", async () => {
    await using node = await FakeNode.start();
    using elsewhere = temporaryDirectory();
    const plugin = await startLarge(node);
    const copy = elsewhere.file("copy.db");
    const { outcome } = await begin(node, copy);
    await plugin.kill9();
    expect(await outcome).toMatchObject({ refusal: { problem: "it ended before it had answered" } });
    expect(existsSync(copy)).toBeFalse();
    expect(db("check", node.databaseFile).code).toBe(0);
  });

  test("ends with the plugin, and leaves nothing", async () => {
    await using node = await FakeNode.start();
    using elsewhere = temporaryDirectory();
    const plugin = await startLarge(node);
    const { outcome } = await begin(node, elsewhere.file("copy.db"));
    await plugin.shutDown();
    expect(await outcome).toMatchObject({ refusal: { problem: "the chain ends" } });
    expect(readdirSync(elsewhere.path)).toEqual([]);
    expect(readdirSync(node.chainDataDir)).toEqual(["timestampvm.db"]);
  });

  test("is given up when the operator goes away, and consensus does not notice", async () => {
    await using node = await FakeNode.start();
    using elsewhere = temporaryDirectory();
    const plugin = await startLarge(node);
    const command = [...pluginCommand, "db", "backup", node.chainDataDir, "--file", elsewhere.file("copy.db")];
    const child = Bun.spawn(command, { stdio: ["ignore", "ignore", "ignore"] });
    await within(
      "a file",
      until(() => readdirSync(elsewhere.path).length > 0),
    );
    child.kill("SIGINT");
    await child.exited;
    await within(
      "its removal",
      until(() => readdirSync(elsewhere.path).length === 0),
    );
    await plugin.log.wait("a backup was given up");
    await plugin.proposeAndAccept("goes on");
  });

  const prlimit = Bun.which("prlimit"); // of Linux alone
  test.skipIf(prlimit === null)("is given up when its disk takes no more bytes", async () => {
    await using node = await FakeNode.start();
    using elsewhere = temporaryDirectory();
    const plugin = await startLarge(node);
    Bun.spawnSync([`${prlimit}`, "--pid", `${plugin.process.pid}`, "--fsize=1000000"]);
    const { outcome } = await begin(node, elsewhere.file("copy.db"));
    expect(await outcome).toMatchObject({ refusal: { problem: expect.stringContaining("no backup was made: ") } });
    expect(readdirSync(elsewhere.path)).toEqual([]);
    Bun.spawnSync([`${prlimit}`, "--pid", `${plugin.process.pid}`, "--fsize=unlimited"]);
    await plugin.proposeAndAccept("goes on");
  });
});
