import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { bytesOf } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import { errorOf } from "../support/status.ts";
import { protocolWithin } from "../support/test-protocol.ts";

describe("two processes on one chain data directory", () => {
  test.concurrent("the second is refused with the file's name, the first goes on", async () => {
    await using node = await FakeNode.start();
    const first = await node.startPlugin();
    await first.start();
    const second = await node.startPlugin();
    const error = await errorOf(second.initialize()); // after 10 s of patience
    expect(error.rawMessage).toBe(
      `${node.databaseFile} is in use by another process: ` +
        "stop the other timestampvm that runs on this chain data directory",
    );
    expect((await first.proposeAndAccept("one")).height).toBe(1n);
    await first.shutDown();
    expect((await second.initialize()).height).toBe(1n);
  });

  test.concurrent("the second comes up when the first leaves in time", async () => {
    await using node = await FakeNode.start();
    const first = await node.startPlugin();
    await first.start();
    await first.proposeAndAccept("one");
    const second = await node.startPlugin();
    const asked = node.database.next("get");
    const initializing = second.initialize();
    await asked;
    for (let i = 0; i < 10; i++) await second.vm.version({}); // it serves while it waits
    await first.kill9();
    expect((await initializing).height).toBe(1n);
  });
});

describe("Initialize says what is wrong:", () => {
  test.concurrent("a chain config key that is unknown, by its name", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    const error = await errorOf(plugin.initialize({ configBytes: bytesOf('{"logLevel":"info","loglevel":1}') }));
    expect(error.rawMessage).toBe(
      'malformed chain config: unknown key "loglevel"; known are logLevel, durability, maxMempoolItems, ' +
        "maxMempoolBytes, proposalExpirySeconds, minBlockIntervalMs, heartbeatSeconds, maxFutureSeconds, " +
        "maxHttpRequests, maxHttpBytes, clientAddressHeader, chainDataDir",
    );
    expect(await plugin.log.wait("cannot initialize")).toMatchObject({ level: "error", error: error.rawMessage });
    expect(existsSync(node.chainDataDir)).toBe(false);
  });

  test.concurrent("no chain data directory, where there is no home directory either", async () => {
    await using node = await FakeNode.start({ protocol: protocolWithin(23) });
    const plugin = await node.startPlugin();
    const { rawMessage } = await errorOf(plugin.initialize({ chainDataDir: "" }));
    expect(rawMessage).toContain("names no directory for the chain's data");
    expect(node.database.entries.size).toBe(0);
  });
});

describe("Initialize refuses", () => {
  test.concurrent("a file that is no database, or damaged: its name and the cure", async () => {
    await using node = await FakeNode.start();
    mkdirSync(node.chainDataDir, { recursive: true });
    writeFileSync(node.databaseFile, "this is no database, but it is long enough to be one. ".repeat(2_000));
    const plugin = await node.startPlugin();
    const { rawMessage } = await errorOf(plugin.initialize());
    expect(rawMessage).toStartWith(`${node.databaseFile}: `);
    expect(rawMessage).toContain("move it out of the chain data directory: the chain is fetched again from its peers");
    expect(await plugin.log.wait("cannot initialize")).toMatchObject({ error: rawMessage });
    expect(readFileSync(node.databaseFile, "utf8")).toStartWith("this is no database");
  });

  test.concurrent("a file in the directory's place", async () => {
    await using node = await FakeNode.start();
    mkdirSync(dirname(node.chainDataDir), { recursive: true });
    writeFileSync(node.chainDataDir, "");
    const plugin = await node.startPlugin();
    const { rawMessage } = await errorOf(plugin.initialize());
    expect(rawMessage).toContain(node.chainDataDir);
    expect(rawMessage).toContain("move away what stands in the place of the file or its directory");
  });
});
