import { describe, expect, test } from "bun:test";
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { Error as Answer, type VM } from "../../gen/vm/vm_pb.ts";
import { GrpcChannel, GrpcPeer } from "../fake-node/grpc-peer.ts";
import { parseGoPluginLine } from "../fake-node/launch.ts";
import { MessageQueue } from "../fake-node/message-queue.ts";
import { protocols, releaseOf, waysOf } from "../fake-node/protocols.ts";
import { servicesOf } from "../fake-node/services.ts";
import { createVmClient, type VmClient } from "../fake-node/vm-client.ts";
import { filledBytes } from "../support/filled.ts";
import { errorOf } from "../support/status.ts";
import vectors from "../vectors/protocols.json" with { type: "json" };

/** Runs `work` with the fake node's client of a VM that answers as `vm` says, both in the bytes of one protocol. */
async function withVm<T>(
  protocol: number,
  vm: Partial<ServiceImpl<typeof VM>> | object,
  work: (client: VmClient, events: MessageQueue) => Promise<T>,
): Promise<T> {
  await using peer = await GrpcPeer.listen((router) => router.service(servicesOf(protocol).vm, vm));
  using channel = new GrpcChannel(peer.address);
  const events = new MessageQueue();
  return await work(createVmClient(channel, protocol, events), events);
}

test.each(protocols)("protocol %d: every message of the fake node has the fields of a release", (protocol) => {
  const services: (DescService | undefined)[] = Object.values(servicesOf(protocol));
  const wanted: Record<string, string | null> = {};
  const found: Record<string, string | null> = {};
  for (const [name, changes] of Object.entries(vectors as unknown as Record<string, [number, string | null][]>)) {
    wanted[name] = changes.findLast(([since]) => since <= protocol)?.[1] ?? null;
    const [service, call, side] = name.split(/[/ ]/);
    const method = services.find((desc) => desc?.typeName === service)?.methods.find((desc) => desc.name === call);
    found[name] = method === undefined ? null : filledBytes(side === "input" ? method.input : method.output).toHex();
  }
  expect(found).toEqual(wanted);
});

const id = new Uint8Array(32);
const block = { id, parentId: id, height: 1n, timestamp: { seconds: 0n }, status: 1 };

/** The fake node is as strict as AvalancheGo's client, or its tests would prove nothing. */
describe("the fake node refuses", () => {
  test.each<[string, number, string, object]>([
    ["an id of 31 bytes", 46, "id has 31 bytes", { ...block, id: new Uint8Array(31) }],
    ["no parent", 46, "parentId has 0 bytes", { ...block, parentId: new Uint8Array() }],
    ["no timestamp", 46, "the timestamp is missing", { ...block, timestamp: undefined }],
    [
      "a timestamp beyond the year 9999",
      46,
      "timestamp 253402300800 s",
      { ...block, timestamp: { seconds: 253402300800n } },
    ],
    ["no status, until protocol 35", 35, "status 0 is none", { ...block, status: 0 }],
  ])("a block with %s", async (_what, protocol, problem, reply) => {
    const error = await withVm(protocol, { parseBlock: () => reply }, (vm) => errorOf(vm.parseBlock({})));
    expect(error.rawMessage).toContain(problem);
    const inBatch = { batchedParseBlock: () => ({ response: [reply] }) };
    const request = [new Uint8Array()];
    const alike = await withVm(protocol, inBatch, (vm) => errorOf(vm.batchedParseBlock({ request })));
    expect(alike.rawMessage).toContain(problem);
  });

  test("too few blocks of a batch", async () => {
    const request = [new Uint8Array(), new Uint8Array()];
    const error = await withVm(46, { batchedParseBlock: () => ({ response: [block] }) }, (vm) => {
      return errorOf(vm.batchedParseBlock({ request }));
    });
    expect(error.rawMessage).toBe("1 replies for 2 blocks");
  });

  test("a handler that would lock the chain, until protocol 28", async () => {
    const vm = { createHandlers: () => ({ handlers: [{ prefix: "/rpc", lockOptions: 1, serverAddr: "x" }] }) };
    expect((await withVm(28, vm, (client) => errorOf(client.createHandlers({})))).rawMessage).toContain(
      "lock option 1",
    );
    expect((await withVm(29, vm, (client) => client.createHandlers({}))).handlers).toMatchObject([{ serverAddr: "x" }]);
  });

  test.each(["rpc", "?"])("a handler at %p, which is no path", async (prefix) => {
    const vm = { createHandlers: () => ({ handlers: [{ prefix, serverAddr: "x" }] }) };
    expect((await withVm(46, vm, (client) => errorOf(client.createHandlers({})))).rawMessage).toContain(
      "is at no path",
    );
  });

  test("a message to the engine that is none, from protocol 42 on", async () => {
    const error = await withVm(42, { waitForEvent: () => ({ message: 0 }) }, (vm) => errorOf(vm.waitForEvent({})));
    expect(error.rawMessage).toContain("no use for message 0");
  });

  test("a way to sync that is none, from protocol 22 on", async () => {
    const vm = { stateSummaryAccept: () => ({ mode: 0 }) };
    expect((await withVm(22, vm, (client) => errorOf(client.stateSummaryAccept({})))).rawMessage).toContain("mode 0");
  });

  test("details of health that are no JSON, and a call that its protocol does not have", async () => {
    const vm = { health: () => ({ details: new TextEncoder().encode("fine") }) };
    expect((await withVm(46, vm, (client) => errorOf(client.health({})))).rawMessage).toContain("JSON");
    expect((await withVm(46, { health: () => ({}) }, (client) => client.health({}))).details).toEqual(new Uint8Array());
    const error = await withVm(41, {}, (client) => errorOf(client.newHTTPHandler({})));
    expect(error.rawMessage).toBe("protocol 41 has no newHTTPHandler");
  });

  test.each([
    [21, 1],
    [22, 0],
    [41, 2],
  ])("protocol %d: message %d, which builds no block", async (protocol, message) => {
    await withVm(protocol, {}, async (vm, events) => {
      events.put(message);
      expect((await errorOf(vm.waitForEvent({}))).rawMessage).toContain(`no use for message ${message}`);
    });
  });
});

describe("an answer in a number is", () => {
  test.each([
    [27, 5],
    [28, 4],
    [34, 4],
    [35, 3],
    [46, 3],
  ])("protocol %d: number %d for no state sync, and none above it", async (protocol, number) => {
    let err = number;
    await withVm(protocol, { getLastStateSummary: () => ({ err }) }, async (vm) => {
      expect((await vm.getLastStateSummary({})).err).toBe(Answer.STATE_SYNC_NOT_IMPLEMENTED);
      err = number + 1;
      expect((await errorOf(vm.getLastStateSummary({}))).rawMessage).toContain("would go on with nil");
    });
  });

  test("an error where the height index is not there", async () => {
    const error = await withVm(27, { verifyHeightIndex: () => ({ err: 3 }) }, (vm) =>
      errorOf(vm.verifyHeightIndex({})),
    );
    expect(error.rawMessage).toContain("HEIGHT_INDEX_NOT_IMPLEMENTED");
  });
});

test.each([
  [27, "protocol version mismatch avalanchego: 27, vm: 22"],
  [28, "AvalancheGo version v1.10.12 implements RPCChainVM protocol version 28. The VM implements"],
  [
    43,
    "AvalancheGo version v1.13.5 implements RPCChainVM protocol version 43. The VM located at /plugins/x implements",
  ],
  [45, "version avalanchego/1.14.2 implements RPCChainVM protocol version 45. The VM located at /plugins/x implements"],
])("protocol %d refuses another in the words of its release", (protocol, words) => {
  const { refusal } = waysOf(protocol);
  const text = refusal({ release: releaseOf(protocol), protocol }, { path: "/plugins/x", protocol: 22 });
  expect(text).toContain(words);
});

describe("go-plugin's handshake", () => {
  test("is the first four words, and a fifth that must be grpc", () => {
    const line = "1|22|tcp|127.0.0.1:4000|grpc";
    expect(parseGoPluginLine(` ${line} `, 22)).toEqual({ protocolVersion: 22, addr: "127.0.0.1:4000" });
  });

  test.each([
    ["1|22|tcp", "Unrecognized remote plugin message"],
    ["2|22|tcp|127.0.0.1:4000|grpc", "Incompatible core API version"],
    ["1|21|tcp|127.0.0.1:4000|grpc", "Incompatible API version with plugin. Plugin version: 21, Client versions: [22]"],
    ["1|22|udp|127.0.0.1:4000|grpc", "Unknown address type"],
    ["1|22|tcp|127.0.0.1:4000", 'Unsupported plugin protocol "netrpc"'],
  ])("%p is refused", (line, problem) => {
    expect(() => parseGoPluginLine(line, 22)).toThrow(problem);
  });
});

test("the engine's queue holds one message, and refuses the next", async () => {
  const queue = new MessageQueue();
  queue.put(1);
  expect(() => queue.put(2)).toThrow("full message queue");
  expect(await queue.take()).toBe(1);
  const taken = queue.take();
  queue.put(3);
  expect(await taken).toBe(3);
  expect([queue.sent, queue.refused]).toEqual([3, 1]);
});
