// A VM on Connect alone, of nothing that we wrote but the fake node's tables: blocks are their parents' ids and their
// heights, and a request by HTTP asks for one. It shows that the fake node leads a VM that is not ours, and, with a
// fault by name as its argument, that it notices one.
import { createHash } from "node:crypto";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { GRPCController } from "../../gen/plugin/plugin_pb.ts";
import type { Database } from "../../gen/rpcdb/rpcdb_pb.ts";
import { Runtime } from "../../gen/vm/runtime/runtime_pb.ts";
import { Error as Answer, type InitializeRequest, Message, Status, type VM } from "../../gen/vm/vm_pb.ts";
import { GrpcChannel, GrpcPeer } from "../fake-node/grpc-peer.ts";
import { waysOf } from "../fake-node/protocols.ts";
import { servicesOf } from "../fake-node/services.ts";

const fault = process.argv[2];
const protocol = Number(process.env.PLUGIN_PROTOCOL_VERSIONS ?? process.env.GRPC_BARE_PROTOCOL);
const services = servicesOf(protocol);

const blocks = new Map<string, Uint8Array>();
const accepted: Uint8Array[] = [];
const genesis = new Uint8Array(40);
let pending = Promise.withResolvers<void>();
let node: { readonly database: ReturnType<typeof databaseAt>; readonly others: GrpcChannel } | undefined;

const peer = await GrpcPeer.listen((router) => {
  router.service(services.vm, vm());
  router.service(services.http, { handleSimple: askForBlock });
  router.service(GRPCController, { shutdown: leave });
});
const exitCode = fault === "ends with an error" ? 3 : 0;
process.on("SIGINT", () => process.exit(exitCode));
process.on("SIGTERM", () => process.exit(exitCode));
await shakeHands();

async function shakeHands(): Promise<void> {
  const { AVALANCHE_VM_RUNTIME_ENGINE_ADDR: runtime } = process.env;
  if (runtime === undefined) process.stdout.write(`1|${protocol}|tcp|${peer.address}|grpc\n`);
  else await new GrpcChannel(runtime).client(Runtime).initialize({ protocolVersion: protocol, addr: peer.address });
}

function vm(): Partial<ServiceImpl<typeof VM>> {
  const ok = () => ({});
  return {
    initialize,
    setState: () => lastAccepted(),
    shutdown: ok,
    health: ok,
    version: () => ({ version: "1.0.0" }),
    gather: ok,
    createHandlers: () => ({ handlers: [{ prefix: "/ask", lockOptions: 2, serverAddr: peer.address }] }),
    createHTTP2Handler: ok,
    newHTTPHandler: ok,
    waitForEvent: async () => {
      await pending.promise;
      return { message: Message.BUILD_BLOCK };
    },
    buildBlock: () => {
      const parent = fault === "builds on genesis" ? genesis : head();
      pending = Promise.withResolvers();
      return described(remember(blockOn(parent)));
    },
    parseBlock: ({ bytes }) => described(remember(bytes)),
    batchedParseBlock: ({ request }) => ({ response: request.map((bytes) => described(remember(bytes))) }),
    getBlock: ({ id }) => {
      const bytes = blocks.get(id.toHex());
      return bytes === undefined ? { err: unknown() } : described(bytes);
    },
    getAncestors: ({ blkId, maxBlocksNum }) => ({
      blksBytes: accepted
        .slice(0, 1 + accepted.findIndex((bytes) => idOf(bytes).equals(blkId)))
        .toReversed()
        .slice(0, maxBlocksNum),
    }),
    verifyHeightIndex: ok,
    getBlockIDAtHeight: ({ height }) => {
      const bytes = accepted[Number(height)];
      if (bytes === undefined || fault === "has no heights") return { err: unknown() };
      return { blkId: idOf(bytes) };
    },
    setPreference: ok,
    blockVerify: ({ bytes }) => described(remember(bytes)),
    blockAccept: async ({ id }) => {
      accepted.push(blocks.get(id.toHex()) ?? new Uint8Array());
      await store();
      return {};
    },
    connected: ok,
    disconnected: ok,
    appRequest: ok,
    appGossip: () => {
      if (fault === "fears gossip") throw new ConnectError("what is this?", Code.InvalidArgument);
      return {};
    },
    stateSyncEnabled: ok,
  };
}

async function initialize(request: InitializeRequest) {
  const { dbServers } = request as { dbServers?: readonly { readonly serverAddr: string }[] };
  node = {
    database: databaseAt(dbServers?.[0]?.serverAddr ?? request.dbServerAddr),
    others: new GrpcChannel(request.serverAddr),
  };
  if (fault === "closes the database") await node.database.close({});
  const { value } = await node.database.get({ key: key("chain") });
  for (let at = 0; at < value.length; at += 40) accepted.push(remember(value.slice(at, at + 40)));
  if (accepted.length === 0) accepted.push(remember(genesis));
  await store();
  return lastAccepted(fault === "forgets its head" ? genesis : head());
}

async function store(): Promise<void> {
  await node?.database.writeBatch({ puts: [{ key: key("chain"), value: Buffer.concat(accepted) }] });
}

async function askForBlock() {
  pending.resolve();
  const { messenger } = services;
  if (messenger !== undefined)
    await node?.others.client(messenger).notify({ message: waysOf(protocol).buildBlock as Message });
  return { code: 200 };
}

/** The answer comes before the end. */
function leave() {
  setTimeout(() => process.exit(exitCode), 50);
  return {};
}

function head(): Uint8Array {
  return accepted.at(-1) ?? genesis;
}

function remember(bytes: Uint8Array): Uint8Array {
  blocks.set(idOf(bytes).toHex(), bytes);
  return bytes;
}

function blockOn(parent: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(40, idOf(parent));
  bytes.writeBigUInt64BE(heightOf(parent) + 1n, 32);
  return bytes;
}

function described(bytes: Uint8Array) {
  const id = fault === "cuts its ids" ? idOf(bytes).subarray(1) : idOf(bytes);
  const isAccepted = accepted.some((other) => idOf(other).equals(idOf(bytes)));
  return {
    id,
    parentId: bytes.slice(0, 32),
    bytes,
    height: heightOf(bytes),
    status: isAccepted ? Status.ACCEPTED : Status.PROCESSING,
    ...(fault !== "knows no time" && { timestamp: { seconds: 0n } }),
  };
}

function lastAccepted(bytes = head()) {
  const { id, parentId, ...rest } = described(bytes);
  return { lastAcceptedId: idOf(bytes), lastAcceptedParentId: parentId, ...rest };
}

function unknown(): Answer {
  return fault === "answers in an unknown number" ? (9 as Answer) : Answer.NOT_FOUND;
}

function idOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function heightOf(bytes: Uint8Array): bigint {
  return Buffer.from(bytes).readBigUInt64BE(32);
}

function key(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function databaseAt(address: string) {
  return new GrpcChannel(address).client<typeof Database>(services.database);
}
