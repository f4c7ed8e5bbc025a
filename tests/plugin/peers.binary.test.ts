import { describe, expect, test } from "bun:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { ProposalGossipSchema } from "../../gen/timestampvm/proposal-gossip_pb.ts";
import { has } from "../fake-node/protocols.ts";
import { bytesOf, genesis } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { statusOf } from "../support/status.ts";
import { testProtocol } from "../support/test-protocol.ts";

const peer = { nodeId: new Uint8Array(20).fill(9), requestId: 1 };

function encodeGossip(texts: readonly string[], version = 1): Uint8Array {
  return toBinary(ProposalGossipSchema, create(ProposalGossipSchema, { version, data: texts.map(bytesOf) }));
}

interface Waiting {
  readonly proposals: { readonly submitted: number; readonly gossiped: number };
  readonly mempool: { readonly items: number; readonly bytes: number };
  readonly peers: number;
}

async function waitingIn({ vm }: Plugin): Promise<Waiting> {
  return JSON.parse(new TextDecoder().decode((await vm.health({})).details)) as Waiting;
}

describe("a message from any peer", () => {
  const millionsOfEmptyItems = new Uint8Array(2_000_000).map((_, i) => (i % 2 === 0 ? 0x12 : 0));
  const valid = encodeGossip(["data"]);
  const junk: Record<string, Uint8Array> = {
    nothing: new Uint8Array(),
    "2 MiB of zeros": new Uint8Array(2 * 1024 * 1024),
    "2 MiB of 0xff": new Uint8Array(2 * 1024 * 1024).fill(0xff),
    "a message of another VM": bytesOf('\u0000\u0001{"method":"x"}'),
    "a block": genesis.bytes,
    "a million empty items": millionsOfEmptyItems,
    "a million empty items of our version": Buffer.concat([Uint8Array.of(8, 1), millionsOfEmptyItems]),
    "a length beyond the end": Uint8Array.of(8, 1, 0x12, 0xff, 0xff, 0xff, 0xff, 0x0f),
    truncated: valid.subarray(0, -1),
    "the version after the data": Buffer.concat([valid.subarray(2), valid.subarray(0, 2)]),
    "a version to come": encodeGossip(["data"], 2),
    "data above the limit": encodeGossip(["x".repeat(1_000_001)]),
  };

  test.concurrent("is answered OK, whatever it is", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    const { vm } = plugin;
    for (const [name, bytes] of Object.entries(junk)) {
      const calls = [
        vm.appGossip({ ...peer, msg: bytes }),
        vm.appRequest({ ...peer, request: bytes, deadline: { seconds: 0n } }),
        vm.appResponse({ ...peer, response: bytes }),
        vm.appRequestFailed({ nodeId: bytes, requestId: 2 ** 32 - 1, errorCode: -(2 ** 31), errorMessage: name }),
        vm.connected({ nodeId: bytes, name }),
        vm.disconnected({ nodeId: bytes }),
      ];
      if (has(testProtocol, "vm.VM.CrossChainAppRequest")) {
        calls.push(vm.crossChainAppRequest({ chainId: bytes, request: bytes }));
        calls.push(vm.crossChainAppRequestFailed({ chainId: bytes, requestId: 2 ** 32 - 1 }));
        calls.push(vm.crossChainAppResponse({ chainId: bytes, response: bytes }));
      }
      for (const call of calls) expect(await statusOf(call), name).toBe("OK");
    }
    const { mempool, proposals } = await waitingIn(plugin);
    expect(proposals.gossiped).toBe(mempool.items);
    expect(mempool.bytes).toBe(0); // the empty items of our version are one proposal of no bytes
    expect(mempool.items).toBe(1);
    expect(plugin.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("the peers that are connected", () => {
  const self = new Uint8Array(20).fill(3); // as `FakeNode` says at Initialize
  const [a, b] = [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2)];
  const malformed = [new Uint8Array(), new Uint8Array(19).fill(1), new Uint8Array(21).fill(1)];

  test.concurrent("are counted, without the node itself, and without what is no node", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    const { vm } = plugin;
    const peers = async () => (await waitingIn(plugin)).peers;
    for (const nodeId of [self, a, b, a, ...malformed]) {
      expect(await statusOf(vm.connected({ nodeId, name: "avalanchego", major: 1, minor: 14, patch: 2 }))).toBe("OK");
    }
    expect(await peers()).toBe(2);
    for (const nodeId of [self, a, a, ...malformed, new Uint8Array(20).fill(8)]) {
      expect(await statusOf(vm.disconnected({ nodeId }))).toBe("OK");
    }
    expect(await peers()).toBe(1);
    expect(plugin.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test.concurrent("are nobody's before there is a chain, nor after it", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    const { vm } = plugin;
    expect(await statusOf(vm.connected({ nodeId: a, name: "avalanchego" }))).toBe("OK");
    expect(await statusOf(vm.disconnected({ nodeId: a }))).toBe("OK");
    await plugin.start();
    expect((await waitingIn(plugin)).peers).toBe(0);
    await vm.shutdown({});
    expect(await statusOf(vm.disconnected({ nodeId: a }))).toBe("OK");
    expect(await statusOf(vm.connected({ nodeId: a, name: "avalanchego" }))).toBe("OK");
  });
});

describe("gossip is bounded", () => {
  test.concurrent("a node that cannot send it takes nothing from the chain", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start({ serverAddr: "127.0.0.1:1" });
    await plugin.propose("no gossip");
    const { id, bytes } = await plugin.vm.buildBlock({});
    await plugin.vm.blockVerify({ bytes });
    await plugin.vm.setPreference({ id });
    expect(await statusOf(plugin.vm.blockAccept({ id }))).toBe("OK");
  });
});
