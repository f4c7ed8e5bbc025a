import { describe, expect, test } from "bun:test";
import { State, VM } from "../../gen/vm/vm_pb.ts";
import { idToBytes } from "../../src/avalanche/id.ts";
import { servicesOf } from "../fake-node/services.ts";
import { childOf, genesis } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { statusOf } from "../support/status.ts";
import { testProtocol } from "../support/test-protocol.ts";

const id = idToBytes(genesis.id);
const { bytes } = childOf(genesis, "child");
const peer = { nodeId: new Uint8Array(20), requestId: 1 };

type Method = keyof typeof VM.method;
type Calls = Partial<Record<Method, (vm: Plugin["vm"]) => Promise<unknown>>>;

/** Answered at any time: the node asks before Initialize, a peer asks when it likes. */
const always: Calls = {
  version: (vm) => vm.version({}),
  gather: (vm) => vm.gather({}),
  createHandlers: (vm) => vm.createHandlers({}),
  createStaticHandlers: (vm) => vm.createStaticHandlers({}),
  createHTTP2Handler: (vm) => vm.createHTTP2Handler({}),
  newHTTPHandler: (vm) => vm.newHTTPHandler({}),
  verifyHeightIndex: (vm) => vm.verifyHeightIndex({}),
  connected: (vm) => vm.connected({ ...peer, name: "avalanchego", major: 1, minor: 14, patch: 2 }),
  disconnected: (vm) => vm.disconnected(peer),
  appRequest: (vm) => vm.appRequest({ ...peer, request: bytes }),
  appRequestFailed: (vm) => vm.appRequestFailed({ ...peer, errorCode: -1, errorMessage: "timed out" }),
  appResponse: (vm) => vm.appResponse({ ...peer, response: bytes }),
  appGossip: (vm) => vm.appGossip({ ...peer, msg: bytes }),
  crossChainAppRequest: (vm) => vm.crossChainAppRequest({ chainId: id, request: bytes }),
  crossChainAppRequestFailed: (vm) => vm.crossChainAppRequestFailed({ chainId: id }),
  crossChainAppResponse: (vm) => vm.crossChainAppResponse({ chainId: id, response: bytes }),
  stateSyncEnabled: (vm) => vm.stateSyncEnabled({}),
  getOngoingSyncStateSummary: (vm) => vm.getOngoingSyncStateSummary({}),
  getLastStateSummary: (vm) => vm.getLastStateSummary({}),
  parseStateSummary: (vm) => vm.parseStateSummary({ bytes }),
  getStateSummary: (vm) => vm.getStateSummary({ height: 1n }),
  stateSummaryAccept: (vm) => vm.stateSummaryAccept({ bytes }),
};

/** In an order in which each succeeds once there is a chain, and twice. */
const onChain: Calls = {
  setState: (vm) => vm.setState({ state: State.NORMAL_OP }),
  health: (vm) => vm.health({}),
  parseBlock: (vm) => vm.parseBlock({ bytes }),
  batchedParseBlock: (vm) => vm.batchedParseBlock({ request: [bytes] }),
  getBlock: (vm) => vm.getBlock({ id }),
  getAncestors: (vm) => vm.getAncestors({ blkId: id, maxBlocksNum: 10 }),
  getBlockIDAtHeight: (vm) => vm.getBlockIDAtHeight({ height: 0n }),
  blockVerify: (vm) => vm.blockVerify({ bytes }),
  setPreference: (vm) => vm.setPreference({ id: idToBytes(childOf(genesis, "child").id) }),
  buildBlock: (vm) => vm.buildBlock({}),
  waitForEvent: (vm) => vm.waitForEvent({}),
  blockAccept: (vm) => vm.blockAccept({ id: idToBytes(childOf(genesis, "child").id) }),
  blockReject: (vm) => vm.blockReject({ id: idToBytes(childOf(genesis, "other").id) }),
};

/** What the nodes of this run can call. */
function known(calls: Calls): [name: string, call: (vm: Plugin["vm"]) => Promise<unknown>][] {
  return Object.entries(calls).filter(([name]) => name in servicesOf(testProtocol).vm.method);
}

async function statuses(calls: Calls, { vm }: Plugin): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, call] of known(calls)) found[name] = await statusOf(call(vm));
  return found;
}

function all(calls: Calls, status: string): Record<string, string> {
  return Object.fromEntries(known(calls).map(([name]) => [name, status]));
}

describe("every call of vm.VM", () => {
  test("is in one of the tables", () => {
    const tables = [...Object.keys(always), ...Object.keys(onChain), "initialize", "shutdown"];
    expect(tables.sort()).toEqual(Object.keys(VM.method).sort());
  });

  test.concurrent("before Initialize: answered, or refused as not initialized", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    expect(await statuses(always, plugin)).toEqual(all(always, "OK"));
    expect(await statuses(onChain, plugin)).toEqual(all(onChain, "FailedPrecondition"));
  });

  test.concurrent("after Initialize: answered", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.initialize();
    await plugin.propose("something to build");
    await plugin.vm.blockVerify({ bytes: childOf(genesis, "other").bytes });
    expect(await statuses(always, plugin)).toEqual(all(always, "OK"));
    expect(await statuses(onChain, plugin)).toEqual(all(onChain, "OK"));
    const again = await statusOf(plugin.initialize());
    expect(again).toBe("FailedPrecondition");
    expect(await plugin.call("ping")).toEqual({ success: true });
  });

  test.concurrent("after Shutdown: answered, or refused as shut down", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    await plugin.call("ping"); // the node knows where HTTP is served
    await plugin.vm.shutdown({});
    expect(await statuses(always, plugin)).toEqual(all(always, "OK"));
    expect(await statuses(onChain, plugin)).toEqual(all(onChain, "Unavailable"));
    expect(await statusOf(plugin.initialize())).toBe("Unavailable");
    expect(await statusOf(plugin.http.handleSimple({ method: "GET", url: "/ext/bc/x/rpc" }))).toBe("Unavailable");
  });
});

describe("life cycle", () => {
  test.concurrent("Shutdown during Initialize: refused, and the database is free", async () => {
    await using node = await FakeNode.start();
    const { held, letGo } = node.database.holdNextPut();
    const plugin = await node.startPlugin();
    const opening = statusOf(plugin.initialize());
    await held;
    await plugin.vm.shutdown({});
    letGo();
    expect(await opening).toBe("Unavailable");
    const next = await node.startPlugin();
    expect(await statusOf(next.initialize())).toBe("OK");
  });
});
