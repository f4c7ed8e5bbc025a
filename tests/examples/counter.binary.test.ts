import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { FakeNode } from "timestampvm/rpcchainvm/testing";

const file = join(import.meta.dir, "../../examples/counter/counter.ts");
const vm = {
  command: [process.execPath, file],
  name: "counter",
  genesisBytes: new TextEncoder().encode("a chain that counts"),
};
const url = "/ext/bc/counter/count";

describe("the counter, an example of a VM", () => {
  test.concurrent.each(FakeNode.protocols)("lives under protocol %i", async (protocol) => {
    await using node = new FakeNode({ ...vm, protocol });
    const { height } = await node.leadLife(async (plugin) => {
      expect((await plugin.ask({ method: "POST", url })).status).toBe(200);
    });
    expect(height).toBe(2n);
  });

  test("counts what clients wish, one block after the other, and knows it after a kill", async () => {
    await using node = new FakeNode(vm);
    const plugin = await node.startPlugin();
    await plugin.start();
    for (const method of ["POST", "POST", "GET"]) expect((await plugin.ask({ method, url })).text).toBe("0\n");
    await plugin.buildAndAccept();
    await plugin.buildAndAccept();
    expect((await plugin.ask({ method: "GET", url })).text).toBe("2\n");
    await plugin.kill9();
    const again = await node.startPlugin();
    expect((await again.initialize()).height).toBe(2n);
  });

  test("is no longer than a page or two", async () => {
    expect((await Bun.file(file).text()).trimEnd().split("\n").length).toBeLessThanOrEqual(100);
  });
});
