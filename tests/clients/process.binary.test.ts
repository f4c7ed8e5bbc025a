import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { GrpcChannel } from "../fake-node/grpc-peer.ts";
import { servicesOf } from "../fake-node/services.ts";
import { FakeNode } from "../support/fake-node.ts";
import { protocolWithin } from "../support/test-protocol.ts";

const status = (plugin: Awaited<ReturnType<FakeNode["startPlugin"]>>) =>
  plugin.call("getStatus") as Promise<{ readonly lastAccepted: { readonly height: number } }>;

describe("the plugin", () => {
  test("shows an accepted block to clients when it is on disk, and then by every question", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    for (let height = 1; height <= 30; height++) {
      await plugin.proposeAndAccept(`block ${height}`);
      const page = [{ from: height, order: "ascending", waitMs: 20_000 }];
      expect(await plugin.call("getBlocks", page)).toMatchObject({ blocks: [{ height }] });
      expect((await status(plugin)).lastAccepted.height).toBe(height);
    }
    expect((await plugin.vm.gather({})).metricFamilies.map(({ name }) => name)).toContain(
      "client_thread_restarts_total",
    );
  });

  test("that is killed while clients read opens its file again, and has what it answered", async () => {
    await using node = await FakeNode.start();
    for (let round = 1; round <= 5; round++) {
      const plugin = await node.startPlugin();
      await plugin.start();
      expect((await status(plugin)).lastAccepted.height).toBe(round - 1);
      await plugin.proposeAndAccept(`block ${round}`);
      let isOver = false;
      const readAll = async () => {
        while (!isOver) await plugin.call("getBlocks", [{ limit: 10 }]).catch(() => undefined);
      };
      const readers = Array.from({ length: 16 }, readAll);
      for (let i = 0; i < 20; i++) await status(plugin);
      await plugin.kill9();
      isOver = true;
      await Promise.all(readers);
    }
  });

  test("that ends in order, while clients read, leaves no log behind", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    await plugin.proposeAndAccept("data");
    let isOver = false;
    const readAll = async () => {
      while (!isOver) await plugin.call("getBlocks", [{ limit: 10 }]).catch(() => undefined);
    };
    const readers = Array.from({ length: 16 }, readAll);
    for (let i = 0; i < 20; i++) await status(plugin);
    await plugin.vm.shutdown({});
    isOver = true;
    await Promise.all(readers);
    expect(existsSync(node.databaseFile)).toBe(true);
    expect(existsSync(`${node.databaseFile}-wal`)).toBe(false);
  });

  test.skipIf(process.platform !== "linux")("gives consensus the processor first", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin(["nice", "-n", "5"]);
    await plugin.start();
    await plugin.call("ping");
    const tasks = `/proc/${plugin.process.pid}/task`;
    const niceness = new Map(readdirSync(tasks).map((id) => [Number(id), nicenessOf(`${tasks}/${id}/stat`)]));
    const ours = Math.min(getPriority() + 5, 19);
    expect(niceness.get(plugin.process.pid)).toBe(ours);
    expect([...niceness.values()]).toContain(Math.min(ours + 10, 19));
  });

  test("answers what needs no chain by a small limit of its own", async () => {
    await using node = await FakeNode.start({ protocol: protocolWithin(16, 30) });
    const plugin = await node.startPlugin();
    const { handlers } = await plugin.vm.createStaticHandlers({});
    expect(handlers).toMatchObject([{ prefix: "/static" }]);
    await plugin.start();
    using channel = new GrpcChannel(handlers[0]?.serverAddr ?? "");
    const http = channel.client(servicesOf(plugin.protocol).http);
    const ask = (body: string) =>
      http.handleSimple({
        method: "POST",
        url: "/ext/vm/timestampvm/static",
        requestHeaders: [{ key: "Content-Type", values: ["application/json"] }],
        body: new TextEncoder().encode(body),
      });
    const ping = '{"jsonrpc":"2.0","method":"ping","params":[],"id":1}';
    expect(await ask(ping)).toMatchObject({ code: 200 });
    expect(await ask(ping.padEnd(5 * 1024))).toMatchObject({ code: 413 });
    const large = await ask(ping.padEnd(16 * 1024));
    expect([large.code, new TextDecoder().decode(large.body)]).toEqual([
      413,
      "a request has at most 16384 bytes, 16384 of them beside its body\n",
    ]);
  });
});

/** The 19th field; the second, in brackets, may have blanks. */
function nicenessOf(file: string): number {
  return Number(readFileSync(file, "utf8").split(") ").at(-1)?.split(" ")[16]);
}
