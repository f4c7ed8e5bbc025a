import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { until } from "../support/promise.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { noRecorder, Recorder } from "./recorder.ts";

/** A plugin in normal operation, whose chain data directory is recorded. */
async function startRecorded(node: FakeNode) {
  const root = temporaryDirectory();
  mkdirSync(node.chainDataDir, { recursive: true });
  const recorder = new Recorder(root.path, node.chainDataDir);
  const variables = Object.entries(recorder.environment).map(([name, value]) => `${name}=${value}`);
  const plugin = await node.startPlugin(["env", ...variables]);
  await plugin.start();
  return { plugin, recorder, [Symbol.dispose]: () => root[Symbol.dispose]() };
}

/** Of the newest block that clients are shown. */
async function heightOf(plugin: Plugin): Promise<number> {
  const { lastAccepted } = await plugin.call("getStatus");
  return (lastAccepted as { height: number }).height;
}

/** Why the plugin is not well; "" when it is. */
async function healthOf(plugin: Plugin): Promise<string> {
  return plugin.vm.health({}).then(
    () => "",
    (error) => String(error),
  );
}

describe.skipIf(noRecorder !== undefined)("the thread that serves the node", () => {
  test("syncs nothing in normal operation, also when the log is copied; the end leaves no log behind", async () => {
    await using node = await FakeNode.start();
    using recorded = await startRecorded(node);
    const { plugin, recorder } = recorded;
    const start = recorder.steps().length;
    for (let i = 0; i < 24; i++) await plugin.proposeAndAccept(`${i}`.padEnd(900_000, "."));
    await until(async () => (await heightOf(plugin)) === 24);
    const steps = recorder.steps().slice(start);
    const syncs = steps.filter(({ kind }) => kind === "sync begins");
    expect(syncs.filter(({ thread }) => thread === 0)).toEqual([]);
    expect(syncs.filter(({ name }) => name.endsWith("-wal")).length).toBeGreaterThan(24);
    expect(syncs.filter(({ name }) => !name.endsWith("-wal")).length, "checkpoints").toBeGreaterThan(0);
    expect(steps.some(({ kind, name, at }) => kind === "truncate" && name.endsWith("-wal") && at === 0)).toBe(true);
    expect(await plugin.shutDown()).toBe(0);
    expect(existsSync(`${node.databaseFile}-wal`)).toBe(false);
  });

  test("waits for no disk: blocks are decided while it stalls, and nobody is told of them before it goes on", async () => {
    await using node = await FakeNode.start();
    using recorded = await startRecorded(node);
    const { plugin, recorder } = recorded;
    for (const text of ["one", "two", "three"]) await plugin.propose(text);
    await plugin.buildAndAccept();
    await until(async () => (await heightOf(plugin)) === 1);

    recorder.stall();
    await plugin.buildAndAccept();
    await plugin.buildAndAccept();
    let isAnswered = false;
    const proposed = plugin.propose("four").then(() => {
      isAnswered = true;
    });
    await until(async () => (await healthOf(plugin)).includes("the disk has not synced it for"));
    await plugin.buildAndAccept(); // it is in the mempool all the same
    expect(await heightOf(plugin)).toBe(1);
    expect(isAnswered).toBe(false);
    await plugin.log.wait("the disk is slow");

    recorder.goOn();
    await proposed;
    await until(async () => (await heightOf(plugin)) === 4);
    expect(await healthOf(plugin)).toBe("");
    expect(await plugin.shutDown()).toBe(0);
  });
});
