import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { BlockStore } from "../../src/store/block-store.ts";
import { within } from "../fake-node/deadline.ts";
import { waysOf } from "../fake-node/protocols.ts";
import { FakeNode } from "../support/fake-node.ts";
import { statusOf } from "../support/status.ts";
import { testProtocol } from "../support/test-protocol.ts";

describe("when the node is killed", () => {
  test("the plugin ends by itself, and the database is free", async () => {
    await using node = await FakeNode.start();
    // A shell takes the node's place: it starts the plugin, notes its process id, and waits.
    const plugin = await node.startPlugin(["/bin/sh", "-c", '"$@" & echo $! > plugin; wait', "sh"]);
    await plugin.start();
    await plugin.proposeAndAccept("one");
    plugin.process.kill("SIGKILL");
    try {
      await within("the plugin's end", plugin.log.ended); // both held standard error
    } catch (error) {
      process.kill(Number(readFileSync(`${node.workingDir}/plugin`, "utf8")), "SIGKILL");
      throw error;
    }
    const store = BlockStore.open(node.databaseFile);
    expect(store.lastAccepted().height).toBe(1n);
    store.close();
  });
});

describe("signals", () => {
  test.concurrent("SIGINT, SIGHUP and SIGPIPE are ignored before and after Initialize", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    const signals = ["SIGINT", "SIGHUP", "SIGPIPE"] as const;
    // One protocol's node ends by SIGINT what it has not initialized.
    const { stopSignal } = waysOf(testProtocol);
    for (const signal of signals) if (signal !== stopSignal) plugin.process.kill(signal);
    await plugin.vm.version({});
    await plugin.start();
    for (const signal of signals) plugin.process.kill(signal);
    expect((await plugin.proposeAndAccept("one")).height).toBe(1n);
  });

  test.concurrent("SIGTERM is ignored between Initialize and Shutdown", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    for (let i = 0; i < 3; i++) {
      plugin.process.kill("SIGTERM");
      await plugin.proposeAndAccept(`block ${i}`);
    }
    expect(await plugin.shutDown()).toBe(0);
  });

  test.concurrent("SIGTERM is ignored while Initialize runs", async () => {
    await using node = await FakeNode.start();
    const { held, letGo } = node.database.holdNextPut();
    const plugin = await node.startPlugin();
    const initializing = statusOf(plugin.initialize());
    await held;
    plugin.process.kill("SIGTERM");
    await plugin.vm.version({});
    letGo();
    expect(await initializing).toBe("OK");
  });

  test.concurrent("SIGTERM after a failed Initialize ends it: the node has given up", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await statusOf(plugin.initialize({ genesisBytes: new Uint8Array() }));
    plugin.process.kill("SIGTERM");
    expect(await plugin.exit).toBe(0);
  });

  test.concurrent("Shutdown has written everything: SIGKILL may follow at once", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    await plugin.proposeAndAccept("one");
    await plugin.vm.shutdown({});
    const files = readdirSync(node.chainDataDir);
    await plugin.kill9();
    expect(files).toEqual(["timestampvm.db"]); // no write-ahead log is left
  });
});

describe("output", () => {
  test.concurrent("the log is one JSON object a line, with time, level and event; never data", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start({ configBytes: new TextEncoder().encode('{"logLevel":"debug"}') });
    const secret = "my secret data\n";
    await plugin.proposeAndAccept(secret);
    await statusOf(plugin.vm.getBlock({ id: new Uint8Array(1) }));
    await plugin.shutDown();
    await plugin.log.ended;
    for (const line of plugin.log.lines) {
      expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(line.level).toMatch(/^(debug|info|warn|error)$/);
      expect(line.event).toBeString();
    }
    const events = plugin.log.lines.map(({ event }) => event);
    const ours = ["proposal acknowledged", "block built", "block accepted"];
    for (const event of ["initialized", "state changed", "call refused", "shut down", ...ours]) {
      expect(events).toContain(event);
    }
    expect(plugin.log.find("block accepted")).toMatchObject({
      height: 1,
      digest: plugin.log.find("proposal acknowledged")?.digest,
    });
    const text = plugin.log.text.join("\n");
    for (const form of [secret, Buffer.from(secret).toString("hex"), Buffer.from(secret).toString("base64")]) {
      expect(text).not.toContain(form.trim());
    }
  });

  test.concurrent("the level of the config decides what is logged", async () => {
    for (const [level, expected] of [
      ["debug", ["info", "debug"]],
      ["info", ["info"]],
      ["error", []],
    ] as const) {
      await using node = await FakeNode.start();
      const plugin = await node.startPlugin();
      await plugin.start({ configBytes: new TextEncoder().encode(JSON.stringify({ logLevel: level })) });
      await statusOf(plugin.vm.getBlock({ id: new Uint8Array(1) }));
      await plugin.kill9();
      await plugin.log.ended;
      const lines = plugin.log.lines.filter(({ event }) => event !== "protocol chosen"); // comes before the config
      const levels = new Set(lines.map((line) => line.level));
      expect([...levels].sort()).toEqual([...expected].sort());
    }
  });

  test.concurrent("a node that reads no log does not stop it", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start({ configBytes: new TextEncoder().encode('{"logLevel":"debug"}') });
    await plugin.log.close();
    for (let i = 0; i < 20; i++) await statusOf(plugin.vm.getBlock({ id: new Uint8Array(1) }));
    expect((await plugin.proposeAndAccept("one")).height).toBe(1n);
  });
});
