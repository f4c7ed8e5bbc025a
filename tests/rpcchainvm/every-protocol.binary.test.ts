import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ProposalGossipSchema } from "../../gen/timestampvm/proposal-gossip_pb.ts";
import { type InitializeResponse, Message, State } from "../../gen/vm/vm_pb.ts";
import { idFromBytes, idToBytes } from "../../src/avalanche/id.ts";
import { type Block, parseBlock } from "../../src/core/block.ts";
import { encodeGossip } from "../../src/plugin/gossip.ts";
import { nodeHeaders } from "../fake-node/node-http.ts";
import { has, newestProtocol, oldestProtocol, protocols, waysOf } from "../fake-node/protocols.ts";
import { bytesOf, chainOn, childOf, genesis } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import { Lanes } from "../support/lanes.ts";
import type { Plugin } from "../support/plugin.ts";
import { statusOf } from "../support/status.ts";

/** Each life is a handful of processes. */
const lanes = new Lanes(4);

test.concurrent.each(protocols)("protocol %d: a chain's life", async (protocol) => {
  await lanes.run(async () => {
    await using node = await FakeNode.start({ protocol });
    await probe(node);
    const statics = has(protocol, "vm.VM.CreateStaticHandlers") ? await serveStatic(node) : undefined;
    const blocks = await firstLife(node);
    await secondLife(node, blocks);
    if (statics !== undefined) expect(await statics.stop()).toBe(0);
  });
  noteFact(protocol);
});

/** At its start a node asks every plugin for its version. */
async function probe(node: FakeNode): Promise<void> {
  const plugin = await node.startPlugin();
  expect((await plugin.vm.version({})).version).toMatch(/^\d+\.\d+\.\d+$/);
  await expectEnd(plugin);
  expect(node.database.calls).toEqual([]);
}

/** Until protocol 30 another process serves what needs no chain, as long as the node runs. */
async function serveStatic(node: FakeNode): Promise<Plugin> {
  const plugin = await node.startPlugin();
  const { handlers } = await plugin.vm.createStaticHandlers({});
  expect(handlers).toMatchObject([{ prefix: "/static" }]);
  const url = "/ext/vm/tGas3T58KzdjcJ2iKSyiYsWiqYctRXaPTqBCA11BqEkNg8kPc/static";
  const { status, text } = await plugin.ask({ ...ping, url }, handlers[0]);
  expect([status, text]).toEqual([200, pong]);
  return plugin;
}

/** On an empty disk. Gives what was accepted, genesis first. */
async function firstLife(node: FakeNode): Promise<Block[]> {
  const plugin = await node.startPlugin();
  const { vm } = plugin;
  expectLastAccepted(await plugin.initialize(), genesis);
  await repair(plugin, []);
  await createHandlers(plugin);
  const blocks = [genesis, ...chainOn(genesis, 3)];
  await bootstrap(plugin, blocks);
  for (const text of ["ours", "and again"]) blocks.push(await decide(plugin, text, blocks.at(-1) ?? genesis));

  await node.waitForGossip(2);
  expectGossip(node, ["ours", "and again"]);
  await vm.appGossip({ nodeId: peer.nodeId, msg: encodeGossip([bytesOf("from a peer")]) });
  expect(await vm.waitForEvent({})).toMatchObject({ message: Message.BUILD_BLOCK });
  await expectHttp(plugin);
  await expectServed(plugin, blocks);
  JSON.parse(new TextDecoder().decode((await vm.health({})).details));
  expect((await vm.gather({})).metricFamilies).not.toEqual([]);
  await vm.disconnected(peer);
  await expectEnd(plugin);
  expect(plugin.log.lines.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  return blocks;
}

/** On the same data. What the peer proposed is not forgotten. */
async function secondLife(node: FakeNode, blocks: Block[]): Promise<void> {
  const head = blocks.at(-1) ?? genesis;
  const plugin = await node.startPlugin();
  const { vm } = plugin;
  expectLastAccepted(await plugin.initialize(), head);
  await repair(plugin, [head]);
  await createHandlers(plugin);
  await bootstrap(plugin, [head]);
  expect(await vm.waitForEvent({})).toMatchObject({ message: Message.BUILD_BLOCK });
  const built = parseBlock((await vm.buildBlock({})).bytes);
  expect([built.parentId, new TextDecoder().decode(built.data)]).toEqual([head.id, "from a peer"]);
  await expectServed(plugin, blocks);
  await expectEnd(plugin);
}

/** proposervm looks whether we know what it knows: nothing, on an empty disk. */
async function repair({ vm, protocol }: Plugin, known: readonly Block[]): Promise<void> {
  if (has(protocol, "vm.VM.VerifyHeightIndex")) expect((await vm.verifyHeightIndex({})).err).toBe(0);
  for (const { id, bytes } of known) expect((await vm.parseBlock({ bytes })).id).toEqual(idToBytes(id));
}

/** Then the node asks what it shall serve, and how the chain shall be fetched. */
async function createHandlers({ vm, protocol }: Plugin): Promise<void> {
  expect((await vm.createHandlers({})).handlers.map(({ prefix }) => prefix)).toEqual(["/rpc", "/explorer"]);
  if (has(protocol, "vm.VM.CreateHTTP2Handler")) await vm.createHTTP2Handler({});
  if (has(protocol, "vm.VM.NewHTTPHandler")) await vm.newHTTPHandler({});
  expect((await vm.stateSyncEnabled({})).enabled).toBe(false);
}

/** `blocks` come from peers, behind the first, which is the last accepted one. */
async function bootstrap({ vm, node }: Plugin, blocks: readonly Block[]): Promise<void> {
  const engine = new AbortController();
  const early = statusOf(vm.waitForEvent({}, { signal: engine.signal }));
  await vm.connected(peer);
  expectLastAccepted(await vm.setState({ state: State.BOOTSTRAPPING }), blocks[0]);
  const fetched = blocks.slice(1);
  const { response } = await vm.batchedParseBlock({ request: fetched.map(({ bytes }) => bytes) });
  expect(response.map(({ id }) => id)).toEqual(fetched.map(({ id }) => idToBytes(id)));
  for (const { id, bytes } of fetched) {
    await vm.blockVerify({ bytes });
    await vm.blockAccept({ id: idToBytes(id) });
  }
  const head = blocks.at(-1) ?? genesis;
  await vm.setPreference({ id: idToBytes(head.id) });
  engine.abort();
  expect(await early).toBe("Canceled");
  expect(node.events.sent).toBe(0);
  expectLastAccepted(await vm.setState({ state: State.NORMAL_OP }), head);
}

/** A proposal becomes a block, and wins over a rival of its height. */
async function decide(plugin: Plugin, text: string, parent: Block): Promise<Block> {
  const { vm, protocol } = plugin;
  await plugin.propose(text);
  expect(await vm.waitForEvent({})).toMatchObject({ message: Message.BUILD_BLOCK });
  const built = await vm.buildBlock(has(protocol, "vm.BuildBlockRequest.p_chain_height") ? { pChainHeight: 7n } : {});
  const block = parseBlock(built.bytes);
  expect([idFromBytes(built.id), idFromBytes(built.parentId)]).toEqual([block.id, parent.id]);
  expect([built.height, block.parentId]).toEqual([parent.height + 1n, parent.id]);
  expect(new TextDecoder().decode(block.data)).toBe(text);
  const rival = childOf(parent, "rival", block.timestamp);
  for (const { id, bytes } of [block, rival]) {
    expect((await vm.parseBlock({ bytes })).id).toEqual(idToBytes(id));
    await vm.blockVerify({ bytes });
  }
  await vm.setPreference({ id: built.id });
  await vm.blockAccept({ id: built.id });
  await vm.blockReject({ id: idToBytes(rival.id) });
  return block;
}

/** By each call that a peer can cause. */
async function expectServed({ vm }: Plugin, blocks: readonly Block[]): Promise<void> {
  for (const { id, height, bytes } of blocks) {
    expect((await vm.getBlockIDAtHeight({ height })).blkId).toEqual(idToBytes(id));
    expect(await vm.getBlock({ id: idToBytes(id) })).toMatchObject({ bytes, height, err: 0 });
  }
  const limits = { maxBlocksNum: 100, maxBlocksSize: 1_000_000, maxBlocksRetrivalTime: 10n ** 10n };
  const { blksBytes } = await vm.getAncestors({ blkId: idToBytes((blocks.at(-1) ?? genesis).id), ...limits });
  expect(blksBytes.reverse()).toEqual(blocks.map(({ bytes }) => bytes));
  const tooHigh = (blocks.at(-1)?.height ?? 0n) + 1n;
  expect(await vm.getBlockIDAtHeight({ height: tooHigh })).toMatchObject({ err: 2 });
  expect(await vm.getBlock({ id: new Uint8Array(32).fill(0xee) })).toMatchObject({ err: 2 });
}

/** Every way by which a client reaches the chain. */
async function expectHttp(plugin: Plugin): Promise<void> {
  const { vm, protocol } = plugin;
  const url = "/ext/bc/stamps/rpc";
  const nodesOwn = Object.fromEntries(nodeHeaders.map(({ key, values }) => [key, values]));
  const headers = { ...nodesOwn, "Content-Type": ["application/json"] };
  const canKeep =
    waysOf(protocol).ownHeaders === "kept" || has(protocol, "http.HandleSimpleHTTPRequest.response_headers");
  const simple = canKeep ? headers : { "Content-Type": ["application/json"] };
  expect(await plugin.ask({ ...ping, url })).toEqual({ status: 200, headers: simple, text: pong });
  const upgrade = { ...ping.headers, Connection: "Upgrade", Upgrade: "h2c" };
  expect(await plugin.ask({ ...ping, url, headers: upgrade })).toEqual({ status: 200, headers, text: pong });
  const byHeader = [];
  if (has(protocol, "vm.VM.CreateHTTP2Handler")) byHeader.push(await vm.createHTTP2Handler({}));
  if (has(protocol, "vm.VM.NewHTTPHandler")) byHeader.push(await vm.newHTTPHandler({}));
  for (const handler of byHeader) {
    const answer = await plugin.ask({ ...ping, url: "/rpc", version: 2 }, handler);
    expect(answer).toEqual({ status: 200, headers, text: pong });
  }
}

/** Gossiped at least once. From protocol 34 on the VM says to how many: to all validators. */
function expectGossip({ gossip, protocol }: FakeNode, texts: readonly string[]): void {
  const gossiped = gossip.flatMap(({ msg }) => fromBinary(ProposalGossipSchema, msg).data);
  expect([...new Set(gossiped.map((data) => new TextDecoder().decode(data)))]).toEqual([...texts]);
  if (protocol >= 34) for (const { validators } of gossip) expect(validators).toBeGreaterThan(1_000n);
}

function expectLastAccepted(
  reply: Pick<InitializeResponse, "lastAcceptedId" | "bytes">,
  block: Block | undefined,
): void {
  expect(reply.lastAcceptedId).toEqual(idToBytes((block ?? genesis).id));
  expect(reply.bytes).toEqual((block ?? genesis).bytes);
}

/** It leaves by itself, in time, and has said nothing on standard output but the handshake. */
async function expectEnd(plugin: Plugin): Promise<void> {
  expect(await plugin.shutDown()).toBe(0);
  expect(await plugin.output).toBe("");
  await plugin.log.ended;
}

const peer = { nodeId: new Uint8Array(20).fill(9), name: "avalanchego", major: 1, minor: 9, patch: 8 };
const ping = {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: bytesOf('{"jsonrpc":"2.0","id":1,"method":"ping"}'),
};
const pong = '{"jsonrpc":"2.0","result":{"success":true},"id":1}';

/** For a table of what was tried with which release. */
function noteFact(protocol: number): void {
  const { VERIFIED_DIR } = process.env;
  if (!VERIFIED_DIR) return;
  mkdirSync(VERIFIED_DIR, { recursive: true });
  writeFileSync(join(VERIFIED_DIR, `fake-${protocol}.json`), `${JSON.stringify({ protocol, how: "fake" })}\n`);
}

test.concurrent("one chain through all ages of the node, and back", async () => {
  await using node = await FakeNode.start({ protocol: oldestProtocol });
  const blocks = [genesis];
  let leftOver: string | undefined;
  for (const protocol of [16, 19, 20, 23, 28, 36, 42, newestProtocol, oldestProtocol]) {
    node.protocol = protocol;
    await lanes.run(async () => {
      const plugin = await node.startPlugin();
      expectLastAccepted(await plugin.initialize(), blocks.at(-1));
      await expectServed(plugin, blocks);
      await plugin.toNormalOperation();
      for (const text of [leftOver, `in the age of ${protocol}`]) {
        if (text === undefined) continue;
        if (text !== leftOver) await plugin.propose(text);
        blocks.push(await acceptNext(plugin, text));
      }
      await expectServed(plugin, blocks);
      leftOver = `left over in the age of ${protocol}`;
      await plugin.propose(leftOver);
      await expectEnd(plugin);
      expect(plugin.log.find("rewound the chain")).toBeUndefined();
    });
  }
  expect(blocks).toHaveLength(18);
});

async function acceptNext({ vm }: Plugin, text: string): Promise<Block> {
  await vm.waitForEvent({});
  const { id, bytes } = await vm.buildBlock({});
  await vm.blockVerify({ bytes });
  await vm.setPreference({ id });
  await vm.blockAccept({ id });
  const block = parseBlock(bytes);
  expect(new TextDecoder().decode(block.data)).toBe(text);
  return block;
}
