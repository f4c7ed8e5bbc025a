import type { DescMethodUnary } from "@bufbuild/protobuf";
import type { EmptySchema } from "@bufbuild/protobuf/wkt";
import { AppSender, type SendAppGossipMsgSchema } from "../../gen/appsender/appsender_pb.ts";
import { SendAppGossipMsg16Schema } from "../../gen/appsender/older_pb.ts";
import {
  CreateHandlersResponse16Schema,
  InitializeRequest16Schema,
  InitializeRequest20Schema,
  InitializeRequest24Schema,
} from "../../gen/vm/older_pb.ts";
import { CreateHandlersResponseSchema, InitializeRequestSchema, Message } from "../../gen/vm/vm_pb.ts";

/** What a VM has for the engine (v1.14.2, snow/engine/common/message.go). */
export type VmEvent = "build block" | "state sync done";

/**
 * What we do differently from one RPCChainVM protocol to another. Only this file knows protocol numbers. Whatever can
 * be the same in all of them is: calls that a protocol lacks are never made, and fields that it lacks are ignored.
 */
export interface Protocol {
  /** The number on which node and plugin must agree exactly. */
  readonly version: number;
  /** With which signals the node ends a process that it has shut down. */
  readonly stopSignals: readonly NodeJS.Signals[];
  /** What vm.VM/Initialize carries. */
  readonly initializeRequest:
    | typeof InitializeRequest16Schema
    | typeof InitializeRequest20Schema
    | typeof InitializeRequest24Schema
    | typeof InitializeRequestSchema;
  /** What vm.VM/CreateHandlers and CreateStaticHandlers answer. */
  readonly handlersReply: typeof CreateHandlersResponse16Schema | typeof CreateHandlersResponseSchema;
  /** Whether replies about a block say where it stands. */
  readonly hasBlockStatus: boolean;
  /** How the engine learns of an event: we call Messenger.Notify, or it calls WaitForEvent. */
  readonly events: "notify" | "wait";
  /** What either says for each event. */
  readonly messages: Readonly<Record<VmEvent, Message>>;
  readonly sendAppGossip: DescMethodUnary<
    typeof SendAppGossipMsg16Schema | typeof SendAppGossipMsgSchema,
    typeof EmptySchema
  >;
  /** Whether the node serves validatorstate.ValidatorState. */
  readonly hasValidators: boolean;
  /** Whether there is AppSender.SendAppError. */
  readonly hasAppErrors: boolean;
  /** What StateSummaryAccept answers: whether the summary is taken up, or how. */
  readonly summaryReply: "whether" | "how";
  /** Where http.HTTP/Handle has the request's body: inside, or to be read, up to an error by this text or this code. */
  readonly requestBody: "inside" | "read to EOF text" | "read to EOF code";
}

/** As AvalancheGo's version/compatibility.json counts them. */
const first: Protocol = {
  version: 16, // v1.8.0
  stopSignals: ["SIGTERM"],
  initializeRequest: InitializeRequest16Schema,
  handlersReply: CreateHandlersResponse16Schema,
  hasBlockStatus: true,
  events: "notify",
  // Counted from 0 (avalanchego v1.9.5, snow/engine/common/message.go:19).
  messages: { "build block": Message.UNSPECIFIED, "state sync done": Message.BUILD_BLOCK },
  sendAppGossip: { ...AppSender.method.sendAppGossip, input: SendAppGossipMsg16Schema },
  hasValidators: false,
  hasAppErrors: false,
  summaryReply: "whether",
  requestBody: "inside",
};

/** Each change since then, with the first protocol that has it. */
const changes: readonly (readonly [since: number, change: Partial<Protocol>])[] = [
  [19, { hasValidators: true }], // v1.9.2
  [20, { initializeRequest: InitializeRequest20Schema }], // v1.9.4
  [
    22, // v1.9.6
    {
      messages: { "build block": Message.BUILD_BLOCK, "state sync done": Message.STATE_SYNC_FINISHED },
      summaryReply: "how",
    },
  ],
  [23, { stopSignals: ["SIGTERM", "SIGINT"] }], // v1.9.9
  [24, { stopSignals: ["SIGTERM"], initializeRequest: InitializeRequest24Schema }], // v1.9.10
  [29, { handlersReply: CreateHandlersResponseSchema }], // v1.10.13
  [30, { initializeRequest: InitializeRequestSchema }], // v1.10.15
  [33, { hasAppErrors: true }], // v1.11.1
  [35, { sendAppGossip: AppSender.method.sendAppGossip }], // v1.11.3
  [36, { hasBlockStatus: false }], // v1.11.10
  [40, { requestBody: "read to EOF text" }], // v1.13.1
  [42, { events: "wait", requestBody: "read to EOF code" }], // v1.13.3
];

/** The protocol of AvalancheGo v1.8.0 to v1.8.6. */
export const oldestProtocol = first.version;
/** The protocol of AvalancheGo v1.15.0. */
export const newestProtocol = 46;
/**
 * The one that we say where no node says its own: that of AvalancheGo v1.14.2. Tools that start a plugin to learn its
 * protocol then look for nodes with it, so it must be a release's that they deploy; a pre-release's is of no use to
 * them.
 */
export const defaultProtocol = 45;

/** Takes a number from `oldestProtocol` on. A newer one than we know gets the rules of the newest that we know. */
export function protocolOf(version: number): Protocol {
  let protocol: Protocol = { ...first, version };
  for (const [since, change] of changes) if (since <= version) protocol = { ...protocol, ...change };
  return protocol;
}
