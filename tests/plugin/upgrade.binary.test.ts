import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:http2";
import { formatHeadMarker, headMarkerKey } from "../../src/plugin/head-marker.ts";
import { noRecorder, Recorder } from "../disk/recorder.ts";
import { within } from "../fake-node/deadline.ts";
import { openElsewhere } from "../store/child-process.ts";
import { chainOn, genesis } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import { makeOldFile, oldInstanceId } from "../support/old-file.ts";
import type { Plugin } from "../support/plugin.ts";
import { until } from "../support/promise.ts";
import { errorOf } from "../support/status.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const chain = [genesis, ...chainOn(genesis, 1_000)];

/** A node whose chain data directory holds a file of an older schema. */
async function startNode({ accepted = chain } = {}): Promise<FakeNode> {
  const node = await FakeNode.start();
  mkdirSync(node.chainDataDir, { recursive: true });
  makeOldFile(node.databaseFile, 3, { accepted, waiting: [new TextEncoder().encode("waits")] });
  return node;
}

/** Resolves when the plugin's HTTP/2 answers a PING, as a node sends one now and then. */
async function ping({ handshake }: Plugin): Promise<void> {
  const session = connect(`http://${handshake.addr}`);
  try {
    const answered = Promise.withResolvers<void>();
    session.on("error", answered.reject);
    session.on("connect", () => session.ping((error) => (error ? answered.reject(error) : answered.resolve())));
    await within("the answer to a PING", answered.promise);
  } finally {
    session.destroy();
  }
}

/** A plugin whose disk stalls before it opens the chain: an upgrade stops at its first sync. */
async function startStalled(node: FakeNode) {
  const root = temporaryDirectory();
  const recorder = new Recorder(root.path, node.chainDataDir);
  const variables = Object.entries(recorder.environment).map(([name, value]) => `${name}=${value}`);
  const plugin = await node.startPlugin(["env", ...variables]);
  recorder.stall();
  const initializing = plugin.initialize();
  initializing.catch(() => {});
  await within(
    "the upgrade's first sync",
    until(() => recorder.steps().some(({ kind, name }) => kind === "sync begins" && name.includes(".upgrade"))),
  );
  return { plugin, recorder, initializing, [Symbol.dispose]: () => root[Symbol.dispose]() };
}

describe("a plugin that finds a database of an older schema", () => {
  test("upgrades it, says so, and opens the chain with all that was in it", async () => {
    await using node = await startNode();
    const plugin = await node.startPlugin();
    const { height } = await plugin.initialize();
    expect(height).toBe(0n); // the node's database does not know the file
    const begun = await plugin.log.wait("upgraded the database");
    expect(begun).toMatchObject({ level: "info", fromSchema: 3, toSchema: 4, blocks: 1_001, file: node.databaseFile });
    expect(begun).toMatchObject({
      bytesBefore: expect.any(Number),
      bytesAfter: expect.any(Number),
      ms: expect.any(Number),
    });
    await plugin.toNormalOperation();
    expect((await plugin.buildAndAccept()).height).toBe(1n);
    expect(await plugin.shutDown()).toBe(0);
    expect(readdirSync(node.chainDataDir).filter((name) => name.includes("upgrade"))).toEqual([]);
    const again = await node.startPlugin();
    expect((await again.initialize()).height).toBe(1n);
    expect(again.log.text.join("\n")).not.toContain("upgraded");
  });

  const withGap = { accepted: chain.filter(({ height }) => height !== 40n) };
  const at30 = { height: 30n, id: chain[30]?.id ?? genesis.id };

  test("goes on where the node knows it", async () => {
    await using node = await startNode();
    node.database.set(headMarkerKey, formatHeadMarker({ ...at30, instanceId: oldInstanceId }));
    const plugin = await node.startPlugin();
    expect((await plugin.initialize()).height).toBe(30n);
  });

  test("refuses it where a block is missing and the node knows it, with the cure, and leaves it as it is", async () => {
    await using node = await startNode(withGap);
    node.database.set(headMarkerKey, formatHeadMarker({ ...at30, instanceId: oldInstanceId }));
    const before = readFileSync(node.databaseFile);
    const plugin = await node.startPlugin();
    const { rawMessage } = await errorOf(plugin.initialize());
    expect(rawMessage).toStartWith(`${node.databaseFile}: the block at height 40 is missing; `);
    expect(rawMessage).toContain(`timestampvm db rollback ${node.databaseFile} --to HEIGHT`);
    expect(readFileSync(node.databaseFile).equals(before)).toBe(true);
    expect(readdirSync(node.chainDataDir).filter((name) => name.includes("upgrade"))).toEqual([]);
  });

  test.each([
    ["knows none", undefined],
    ["knows another one", new Uint8Array(16)],
  ])("opens without the blocks above a missing one where the node %s, and warns", async (_name, instanceId) => {
    await using node = await startNode(withGap);
    if (instanceId !== undefined) node.database.set(headMarkerKey, formatHeadMarker({ ...at30, instanceId }));
    const plugin = await node.startPlugin();
    await plugin.start();
    expect(await plugin.log.wait("left out blocks above a missing one")).toMatchObject({
      level: "warn",
      from: 41,
      to: 1_000,
      file: node.databaseFile,
    });
    expect((await plugin.buildAndAccept()).height).toBe(1n);
  });
});

describe.skipIf(noRecorder !== undefined)("while an upgrade is under way", () => {
  test("the node is answered, and nobody else gets at the file", async () => {
    await using node = await startNode();
    using stalled = await startStalled(node);
    const { plugin, recorder, initializing } = stalled;
    for (let i = 0; i < 10; i++) {
      await ping(plugin);
      await within("the answer to Version", plugin.vm.version({}));
      await within("the answer to Health", plugin.health.check({}));
    }
    expect(await openElsewhere(node.databaseFile)).toEqual({ code: "database in use", file: node.databaseFile });
    const threads = recorder.steps().filter(({ name }) => name.includes(".upgrade"));
    expect(threads.filter(({ thread }) => thread === 0)).toEqual([]);
    recorder.goOn();
    expect((await within("Initialize", initializing)).height).toBe(0n);
  });

  test.each(["Shutdown and a signal", "SIGKILL"])(
    "its plugin can be ended by %s, and the next one begins it again",
    async (how) => {
      await using node = await startNode();
      using stalled = await startStalled(node);
      const { plugin, recorder } = stalled;
      if (how === "SIGKILL") await plugin.kill9();
      else expect(await plugin.shutDown()).toBe(0);
      const names = readdirSync(node.chainDataDir).filter((name) => name.startsWith("timestampvm.db"));
      expect(names.filter((name) => !/^timestampvm\.db(\.upgrade)?(-wal|-journal)?$/.test(name))).toEqual([]);
      recorder.goOn();
      const next = await node.startPlugin();
      await next.start();
      expect(await next.log.wait("upgraded the database")).toMatchObject({ blocks: 1_001 });
      expect(readdirSync(node.chainDataDir).filter((name) => name.includes("upgrade"))).toEqual([]);
    },
  );
});
