import { expect, test } from "bun:test";
import { encodeGossip } from "../../src/plugin/gossip.ts";
import { bytesOf } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { protocolWithin, testProtocol } from "../support/test-protocol.ts";

const validator = new Uint8Array(20).fill(9);
const stranger = (n: number) => new Uint8Array(20).fill(100 + n);

const gossip = ({ vm }: Plugin, nodeId: Uint8Array, ...texts: readonly string[]) =>
  vm.appGossip({ nodeId, msg: encodeGossip(texts.map(bytesOf)) });

async function itemsIn({ vm }: Plugin): Promise<number> {
  return JSON.parse(new TextDecoder().decode((await vm.health({})).details)).mempool.items;
}

/** Starts a plugin whose mempool has room for eight proposals of peers, six of them for the only validator. */
async function startSmall(node: FakeNode): Promise<Plugin> {
  node.validators.weights = new Map([[validator.toHex(), 2n ** 64n - 1n]]);
  const plugin = await node.startPlugin();
  await plugin.start({ configBytes: bytesOf('{"maxMempoolItems":16}') });
  return plugin;
}

test.concurrent("room and turns go by the stakes that the node knows, asked for in normal operation", async () => {
  await using node = await FakeNode.start({ protocol: protocolWithin(19) });
  const plugin = await startSmall(node);
  const { height } = node.validators;
  await plugin.log.wait("validators");
  expect(node.validators.questions.all).toMatchObject([{ height, subnetId: new Uint8Array(32).fill(1) }]);
  for (let n = 0; n < 9; n++) await gossip(plugin, stranger(n), `lie 0 of ${n}`, `lie 1 of ${n}`);
  expect(await itemsIn(plugin)).toBe(2);
  await gossip(plugin, validator, "a", "b", "c", "d", "e", "f", "g");
  expect(await itemsIn(plugin)).toBe(2 + 6);
  const blocks = [];
  for (let i = 0; i < 6; i++) blocks.push(new TextDecoder().decode((await plugin.buildAndAccept()).bytes));
  expect(blocks.filter((text) => text.includes(bytesOf("lie").toHex()))).toHaveLength(1);
  expect(await plugin.shutDown()).toBe(0);
  expect(plugin.log.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
});

test.concurrent("until protocol 18 nobody asks, and each node id is as good as another", async () => {
  await using node = await FakeNode.start({ protocol: Math.min(testProtocol, 18) });
  const plugin = await startSmall(node);
  await gossip(plugin, stranger(0), "a", "b", "c", "d", "e");
  await gossip(plugin, validator, "f", "g", "h");
  expect(await itemsIn(plugin)).toBe(4 + 2);
  expect(node.validators.questions.all).toEqual([]);
  expect(await plugin.shutDown()).toBe(0);
  expect(plugin.log.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
});

test.concurrent("a node that fails, or never answers, does no harm", async () => {
  await using node = await FakeNode.start({ protocol: protocolWithin(19) });
  let calls = 0;
  for (const before of [() => Promise.reject(new Error("no state")), () => new Promise<void>(() => {})]) {
    node.validators.before = () => {
      calls++;
      return before();
    };
    const plugin = await startSmall(node);
    await gossip(plugin, stranger(0), "a", "b", "c", "d", "e");
    expect(await itemsIn(plugin), "by node id").toBeGreaterThanOrEqual(4);
    await plugin.buildAndAccept();
    expect(await plugin.shutDown()).toBe(0);
  }
  expect(calls).toBe(2);
});
