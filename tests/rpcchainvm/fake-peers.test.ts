import { describe, expect, test } from "bun:test";
import type { ServiceImpl } from "@connectrpc/connect";
import { Message, type State, type VM } from "../../gen/vm/vm_pb.ts";
import { AppMessages } from "../fake-node/app-messages.ts";
import { FakeDatabase } from "../fake-node/fake-database.ts";
import { FakeValidators } from "../fake-node/fake-validators.ts";
import { GrpcChannel, GrpcPeer } from "../fake-node/grpc-peer.ts";
import { NodeServices } from "../fake-node/node-services.ts";
import { PluginClient } from "../fake-node/plugin-client.ts";
import { servicesOf } from "../fake-node/services.ts";
import { errorOf } from "../support/status.ts";

interface World {
  readonly messages: AppMessages;
  readonly node: NodeServices;
  /** The node's client of the VM. */
  readonly plugin: PluginClient;
  /** The VM's client of the node. */
  readonly channel: GrpcChannel;
}

/** Runs `work` with a VM that answers as `vm` says, and what a node serves it, in the bytes of one protocol. */
async function withVm(
  protocol: number,
  vm: (world: () => World) => Partial<ServiceImpl<typeof VM>> | object,
  work: (world: World) => Promise<void>,
): Promise<void> {
  const messages = new AppMessages();
  await using node = await NodeServices.listen(protocol, {
    database: new FakeDatabase(),
    messages,
    validators: new FakeValidators(new Uint8Array(32)),
  });
  let world: World | undefined;
  const theWorld = () => {
    if (world === undefined) throw new Error("the VM is called too early");
    return world;
  };
  await using peer = await GrpcPeer.listen((router) => router.service(servicesOf(protocol).vm, vm(theWorld)));
  using channel = new GrpcChannel(node.others.address);
  const plugin = new PluginClient(peer.address, { protocol, services: node, messages, fields: {} });
  world = { messages, node, plugin, channel };
  await work(world);
  plugin.close();
}

const nodeId = new Uint8Array(20).fill(7);
const bytes = (text: string) => new TextEncoder().encode(text);

test("gossip to some nodes is there until protocol 34", async () => {
  await withVm(
    34,
    () => ({}),
    async ({ channel, messages }) => {
      await channel.client(servicesOf(34).appSender).sendAppGossipSpecific({ nodeIds: [nodeId], msg: bytes("x") });
      expect(messages.specificGossip.all).toMatchObject([{ nodeIds: [nodeId], msg: bytes("x") }]);
    },
  );
  await withVm(
    35,
    () => ({}),
    async ({ channel }) => {
      const { sendAppGossipSpecific } = channel.client(servicesOf(34).appSender);
      expect((await errorOf(sendAppGossipSpecific({ nodeIds: [nodeId] }))).rawMessage).toContain("404");
    },
  );
});

test("an id of a node that has not 20 bytes is refused", async () => {
  await withVm(
    46,
    () => ({}),
    async ({ channel, messages }) => {
      const { sendAppRequest } = channel.client(servicesOf(46).appSender);
      expect((await errorOf(sendAppRequest({ nodeIds: [nodeId.slice(1)] }))).rawMessage).toBe(
        "expected 20 bytes but got 19",
      );
      expect(messages.requests.all).toEqual([]);
    },
  );
});

describe("a state sync", () => {
  const id = new Uint8Array(32).fill(1);
  const summary = bytes("summary");

  /** A VM that has a summary, and notes what the node does. `accepted` is how it takes another's. */
  function syncingVm(calls: string[], accepted: object, finish: (world: World) => Promise<unknown> = async () => {}) {
    const note = (call: string, reply: object) => () => {
      calls.push(call);
      return reply;
    };
    return (world: () => World) => ({
      stateSyncEnabled: note("enabled", { enabled: true }),
      setState: ({ state }: { state: State }) => {
        calls.push(`state ${state}`);
        return { lastAcceptedId: id, lastAcceptedParentId: id, timestamp: {} };
      },
      getOngoingSyncStateSummary: note("ongoing", { err: 2 }),
      getLastStateSummary: () => ({ id, height: 9n, bytes: summary }),
      getStateSummary: ({ height }: { height: bigint }) => (height === 9n ? { id, bytes: summary } : { err: 2 }),
      parseStateSummary: note("parse", { id, height: 9n }),
      stateSummaryAccept: async () => {
        calls.push("accept");
        await finish(world());
        return accepted;
      },
      waitForEvent: () => ({ message: Message.STATE_SYNC_FINISHED }),
    });
  }

  const notify =
    (protocol: number, message: Message) =>
    async ({ channel }: World) => {
      const { messenger } = servicesOf(protocol);
      if (messenger !== undefined) await channel.client(messenger).notify({ message });
    };

  test("does not end with another message", async () => {
    await withVm(41, syncingVm([], { mode: 2 }, notify(41, 1)), async ({ plugin }) => {
      expect((await errorOf(plugin.syncState(summary))).rawMessage).toBe("message 1 is not the end of the state sync");
    });
  });

  test.each([
    ["is not enabled", { stateSyncEnabled: () => ({}) }, "the VM does not sync"],
    ["cannot read the summary", { parseStateSummary: () => ({ err: 2 }) }, "parseStateSummary answers with error 2"],
    [
      "stops the chain",
      { getOngoingSyncStateSummary: () => ({ err: 1 }) },
      "getOngoingSyncStateSummary answers with error 1",
    ],
  ])("that %s is an error", async (_what, reply, problem) => {
    await withVm(
      46,
      (world) => ({ ...syncingVm([], { mode: 1 })(world), ...reply }),
      async ({ plugin }) => {
        expect((await errorOf(plugin.syncState(summary))).rawMessage).toBe(problem);
      },
    );
  });

  test("is not there, or is not what it says", async () => {
    await withVm(
      46,
      () => ({ getLastStateSummary: () => ({ err: 3 }) }),
      async ({ plugin }) => {
        expect(await plugin.lastStateSummary()).toBeUndefined();
      },
    );
    const other = { getStateSummary: () => ({ id: new Uint8Array(32), bytes: summary }) };
    await withVm(
      46,
      (world) => ({ ...syncingVm([], {})(world), ...other }),
      async ({ plugin }) => {
        expect((await errorOf(plugin.lastStateSummary())).rawMessage).toContain("is not that of height 9");
      },
    );
  });
});
