import { type Message as AnyMessage, create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { CallOptions, Client } from "@connectrpc/connect";
import {
  Error as Answer,
  type ConnectedRequest,
  Message,
  StateSummaryAcceptResponse_Mode as Mode,
  Status,
  VM,
  WaitForEventResponseSchema,
} from "../../gen/vm/vm_pb.ts";
import { within } from "./deadline.ts";
import type { GrpcChannel } from "./grpc-peer.ts";
import type { MessageQueue } from "./message-queue.ts";
import { waysOf } from "./protocols.ts";
import { servicesOf } from "./services.ts";

/** Has every call of every protocol, with the fields of the newest. */
export type VmClient = Client<typeof VM>;
type Reply = Record<string, unknown> & AnyMessage;
type Call = (request: Record<string, unknown>, options?: CallOptions) => Promise<Reply>;

/**
 * vm.VM as the node's client of one protocol calls it. A call that the protocol does not have fails, and so does a
 * reply that the node would not take, or that would be its end. `waitForEvent` takes from `events` where the plugin
 * puts its messages there.
 */
export function createVmClient(channel: GrpcChannel, protocol: number, events: MessageQueue): VmClient {
  const { vm, messenger } = servicesOf(protocol);
  const client = channel.client(vm) as unknown as Record<string, Call>;
  const calls: Record<string, Call> = {};
  for (const { localName } of VM.methods) {
    const call = client[localName];
    calls[localName] = async (request, options) => {
      if (call === undefined) throw new Error(`protocol ${protocol} has no ${localName}`);
      const reply = await call({ ...request, ...connectedFields(localName, request) }, options);
      return takeReply(localName, request, reply, protocol);
    };
  }
  if (messenger !== undefined) {
    calls.waitForEvent = async (_request, { signal } = {}) => {
      const message = await within("a message to the engine", events.take(signal));
      if (message !== waysOf(protocol).buildBlock) throw new Error(`the engine has no use for message ${message}`);
      return create(WaitForEventResponseSchema, { message: Message.BUILD_BLOCK }) as unknown as Reply;
    };
  }
  return calls as unknown as VmClient;
}

/** Until protocol 30 a peer's version is one text. */
function connectedFields(method: string, request: Partial<ConnectedRequest>) {
  const { major = 0, minor = 0, patch = 0 } = request;
  return method === "connected" ? { version: `avalanche/${major}.${minor}.${patch}` } : {};
}

/** What the node's client makes of a reply (vms/rpcchainvm/vm_client.go); throws what it would fail with. */
function takeReply(method: string, request: Record<string, unknown>, reply: Reply, protocol: number): Reply {
  const answer = answerOf(method, reply, protocol);
  if (answer !== Answer.UNSPECIFIED) return { ...reply, err: answer };
  for (const field of idFields) {
    const id = reply[field] as Uint8Array | undefined;
    if (id !== undefined && id.length !== 32) throw new Error(`${method}: ${field} has ${id.length} bytes`);
  }
  if (method in timedReplies) checkTimestamp(method, reply.timestamp as Timestamp | undefined);
  if ("status" in reply && !validStatus.has(reply.status as Status)) {
    throw new Error(`${method}: status ${reply.status} is none`);
  }
  if (method === "batchedParseBlock") checkBatch(request.request as Uint8Array[], reply.response as Reply[], protocol);
  return takers[method]?.(reply) ?? reply;
}

/** What the node looks at in some replies alone. */
const takers: Readonly<Record<string, (reply: Reply) => Reply>> = {
  createHandlers: takeHandlers,
  createStaticHandlers: takeHandlers,
  health: (reply) => {
    if (!isJson(reply.details as Uint8Array)) throw new Error("health: its details are no JSON");
    return reply;
  },
  waitForEvent: (reply) => {
    if (validMessage.has(reply.message as Message)) return reply;
    throw new Error(`the engine has no use for message ${reply.message}`);
  },
  stateSummaryAccept: (reply) => ({ ...reply, mode: modeOf(reply.mode, reply.accepted) }),
};

const idFields = ["id", "parentId", "lastAcceptedId", "lastAcceptedParentId", "blkId"];
const validStatus = new Set<Status>([Status.PROCESSING, Status.REJECTED, Status.ACCEPTED]);
const timedReplies = { initialize: 1, setState: 1, buildBlock: 1, parseBlock: 1, getBlock: 1, blockVerify: 1 };

const validMessage = new Set<Message>([Message.BUILD_BLOCK, Message.STATE_SYNC_FINISHED]);

/** With any other, the node would hold the chain's lock while it waits for the plugin's answer. */
const noLock = 2;

function takeHandlers(reply: Reply): Reply {
  for (const { prefix, lockOptions = noLock } of reply.handlers as { prefix: string; lockOptions?: number }[]) {
    if (lockOptions !== noLock) throw new Error(`the handler at "${prefix}" has lock option ${lockOptions}`);
    if (prefix !== "" && !prefix.startsWith("/")) throw new Error(`the handler at "${prefix}" is at no path`);
  }
  return reply;
}

function checkTimestamp(method: string, timestamp: Timestamp | undefined): void {
  if (timestamp === undefined) throw new Error(`${method}: the timestamp is missing`);
  const { seconds, nanos } = timestamp;
  const isValid = seconds >= -62_135_596_800n && seconds <= 253_402_300_799n && nanos >= 0 && nanos < 1e9;
  if (!isValid) throw new Error(`${method}: timestamp ${seconds} s, ${nanos} ns`);
}

function checkBatch(blocks: readonly Uint8Array[], replies: readonly Reply[], protocol: number): void {
  if (replies.length !== blocks.length) throw new Error(`${replies.length} replies for ${blocks.length} blocks`);
  for (const reply of replies) takeReply("parseBlock", {}, reply, protocol);
}

/** None is JSON for the node, too. */
function isJson(details: Uint8Array): boolean {
  try {
    if (details.length > 0) JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(details));
    return true;
  } catch {
    return false;
  }
}

/** Until protocol 21 a VM only says whether it syncs, and then it lets the node wait. */
function modeOf(mode: unknown, accepted: unknown): Mode {
  if (typeof accepted === "boolean") return accepted ? Mode.STATIC : Mode.SKIPPED;
  if (mode === Mode.SKIPPED || mode === Mode.STATIC || mode === Mode.DYNAMIC) return mode;
  throw new Error(`stateSummaryAccept: mode ${mode} is none`);
}

/**
 * How a reply says no, in the newest numbers. A number that its protocol does not know is nil in Go: success where
 * nothing else is read, and a nil block or summary, the node's end, everywhere else.
 */
function answerOf(method: string, { err }: Reply, protocol: number): Answer {
  if (typeof err !== "number" || err === 0) return Answer.UNSPECIFIED;
  const name = waysOf(protocol).errors[err - 1];
  if (name !== undefined && name in Answer) return Answer[name as keyof typeof Answer];
  if (name !== undefined) throw new Error(`${method}: ${name}`);
  if (method === "verifyHeightIndex" || method === "stateSyncEnabled") return Answer.UNSPECIFIED;
  throw new Error(`${method}: error ${err} is none, and the node would go on with nil`);
}
