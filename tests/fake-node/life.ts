import { equal } from "node:assert/strict";
import { Error as Answer, type BuildBlockResponse, Message, State, Status } from "../../gen/vm/vm_pb.ts";
import { within } from "./deadline.ts";
import type { FakeDatabase } from "./fake-database.ts";
import type { Plugin } from "./plugin.ts";
import { has } from "./protocols.ts";

/** A block as the node knows it. */
export interface AcceptedBlock {
  /** 32 bytes. */
  readonly id: Uint8Array;
  readonly height: bigint;
  readonly bytes: Uint8Array;
}

/** What starts the plugins of a chain: a `FakeNode`. */
export interface Starter<P extends Plugin> {
  readonly database: FakeDatabase;
  startPlugin(): Promise<P>;
}

/**
 * Leads any VM through its life under one protocol, as the node and its engine do: the probe for its version; then
 * twice Initialize, bootstrapping, normal operation, one block from BuildBlock to BlockAccept, every call by which it
 * is served to peers, metrics and health, Shutdown and the end of the process. The second time it must know what it
 * accepted the first time. Peers come and go meanwhile, and send what makes no sense.
 *
 * `makeWork` makes a plugin in normal operation have something to build. Gives the last accepted block. Throws with the
 * call's name where a node could not go on, and where the plugin does not end by itself with exit code 0.
 */
export async function leadLife<P extends Plugin>(
  node: Starter<P>,
  makeWork: (plugin: P) => void | Promise<void>,
): Promise<AcceptedBlock> {
  await probe(await node.startPlugin());
  const first = await liveOnce(await node.startPlugin(), makeWork);
  const second = await liveOnce(await node.startPlugin(), makeWork, first);
  equal(node.database.calls.includes("close"), false, "the VM closed the node's database");
  return second;
}

/** At its start a node asks every plugin for its version. */
async function probe(plugin: Plugin): Promise<void> {
  const { version } = await plugin.vm.version({});
  equal(version === "", false, "Version is empty");
  await end(plugin);
}

async function liveOnce<P extends Plugin>(
  plugin: P,
  makeWork: (plugin: P) => void | Promise<void>,
  known?: AcceptedBlock,
): Promise<AcceptedBlock> {
  const head = await wake(plugin, known);
  await bootstrap(plugin, head);
  await makeWork(plugin);
  const block = await decideNext(plugin, head);
  await expectServed(plugin, head, block);
  await observe(plugin);
  await end(plugin);
  return block;
}

/** Initialize, and what follows at once. */
async function wake(plugin: Plugin, known: AcceptedBlock | undefined): Promise<AcceptedBlock> {
  const { vm, protocol } = plugin;
  const { lastAcceptedId: id, height, bytes } = await plugin.initialize();
  if (known !== undefined) equal(id.toHex(), known.id.toHex(), "Initialize gives another block than was accepted last");
  if (has(protocol, "vm.VM.VerifyHeightIndex")) {
    equal((await vm.verifyHeightIndex({})).err, Answer.UNSPECIFIED, "VerifyHeightIndex");
  }
  const parsed = await vm.parseBlock({ bytes });
  equal(parsed.id.toHex(), id.toHex(), "ParseBlock of the last accepted block gives another id");
  await vm.createHandlers({});
  if (has(protocol, "vm.VM.CreateHTTP2Handler")) await vm.createHTTP2Handler({});
  if (has(protocol, "vm.VM.NewHTTPHandler")) await vm.newHTTPHandler({});
  await vm.stateSyncEnabled({});
  return { id, height, bytes };
}

/** With nothing to fetch: the node is up to date already. It waits for events all the while. */
async function bootstrap({ vm }: Plugin, head: AcceptedBlock): Promise<void> {
  const engine = new AbortController();
  const early = vm.waitForEvent({}, { signal: engine.signal }).catch(() => {});
  await vm.connected(peer);
  const { lastAcceptedId } = await vm.setState({ state: State.BOOTSTRAPPING });
  equal(lastAcceptedId.toHex(), head.id.toHex(), "SetState gives another block than Initialize");
  await vm.appGossip({ nodeId: peer.nodeId, msg: nonsense });
  const { response } = await vm.batchedParseBlock({ request: [head.bytes] });
  equal(response[0]?.id.toHex(), head.id.toHex(), "BatchedParseBlock gives another id than ParseBlock");
  await vm.setPreference({ id: head.id });
  await vm.setState({ state: State.NORMAL_OP });
  engine.abort();
  await within("the end of WaitForEvent", early);
}

/** The engine builds a block on `head`, which wins. */
async function decideNext(plugin: Plugin, head: AcceptedBlock): Promise<BuildBlockResponse> {
  const { vm, protocol } = plugin;
  const { message } = await within("something to build", vm.waitForEvent({}));
  equal(message, Message.BUILD_BLOCK, "WaitForEvent gives another message than BUILD_BLOCK");
  const context = has(protocol, "vm.BuildBlockRequest.p_chain_height") ? { pChainHeight: 7n } : {};
  const built = await vm.buildBlock(context);
  equal(built.parentId.toHex(), head.id.toHex(), "BuildBlock builds on another block than the preferred one");
  equal(built.height, head.height + 1n, "BuildBlock gives another height than the one behind its parent's");
  const parsed = await vm.parseBlock({ bytes: built.bytes });
  equal(parsed.id.toHex(), built.id.toHex(), "ParseBlock gives another id than BuildBlock");
  equal(parsed.parentId.toHex(), built.parentId.toHex(), "ParseBlock gives another parent than BuildBlock");
  equal(parsed.height, built.height, "ParseBlock gives another height than BuildBlock");
  await vm.blockVerify({ bytes: built.bytes, ...(built.verifyWithContext && context) });
  await vm.setPreference({ id: built.id });
  await vm.blockAccept({ id: built.id });
  return built;
}

/** By each call that a peer can cause. */
async function expectServed({ vm, protocol }: Plugin, head: AcceptedBlock, block: AcceptedBlock): Promise<void> {
  for (const { id, height, bytes } of [head, block]) {
    const found = await vm.getBlock({ id });
    equal(found.err, Answer.UNSPECIFIED, "GetBlock does not find an accepted block");
    equal(found.bytes.toHex(), bytes.toHex(), "GetBlock gives other bytes than were accepted");
    equal(found.height, height, "GetBlock gives another height");
    if (has(protocol, "vm.GetBlockResponse.status")) equal(found.status, Status.ACCEPTED, "GetBlock: the status");
    const { blkId } = await vm.getBlockIDAtHeight({ height });
    equal(blkId.toHex(), id.toHex(), "GetBlockIDAtHeight gives another block");
  }
  const limits = { maxBlocksNum: 2, maxBlocksSize: 2 ** 21, maxBlocksRetrivalTime: 10n ** 10n };
  const ancestors = await vm.getAncestors({ blkId: block.id, ...limits });
  equal(toHex(ancestors.blksBytes), toHex([block.bytes, head.bytes]), "GetAncestors gives other blocks");
  equal(
    (await vm.getAncestors({ blkId: unknownId, ...limits })).blksBytes.length,
    0,
    "GetAncestors of what is unknown",
  );
  equal((await vm.getBlock({ id: unknownId })).err, Answer.NOT_FOUND, "GetBlock of what is unknown");
  const { err } = await vm.getBlockIDAtHeight({ height: block.height + 1n });
  equal(err, Answer.NOT_FOUND, "GetBlockIDAtHeight above the last accepted block");
}

/** What operators ask, and what peers send: any error that these get from the VM stops the chain. */
async function observe({ vm }: Plugin): Promise<void> {
  await vm.gather({});
  await vm.health({});
  await vm.appGossip({ nodeId: peer.nodeId, msg: nonsense });
  const deadline = { seconds: 253_402_300_799n };
  await vm.appRequest({ nodeId: peer.nodeId, requestId: 0, deadline, request: nonsense });
  await vm.disconnected(peer);
}

async function end(plugin: Plugin): Promise<void> {
  equal(await plugin.shutDown(), 0, "the plugin's exit code");
}

function toHex(blocks: readonly Uint8Array[]): string {
  return blocks.map((bytes) => bytes.toHex()).join(" ");
}

const peer = { nodeId: new Uint8Array(20).fill(9), name: "avalanchego", major: 1, minor: 9, patch: 8 };
const nonsense = new Uint8Array(100).fill(0xff);
const unknownId = new Uint8Array(32).fill(0xee);
