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

/** What a VM asks the engine to do next, or reports to it (v1.14.2, snow/engine/common/message.go). */
export type VmEvent = "build block" | "state sync done";

/**
 * What we do differently from one RPCChainVM protocol to another. Only this file knows protocol numbers. Everything
 * else is the same in all protocols: calls that a protocol lacks are never made, and fields that it lacks are ignored.
 */
export interface Protocol {
  /** Node and plugin must have exactly the same number. */
  readonly version: number;
  /** The signals by which the node ends a process that it has shut down. */
  readonly stopSignals: readonly NodeJS.Signals[];
  /** The layout of the request of vm.VM/Initialize. */
  readonly initializeRequest:
    | typeof InitializeRequest16Schema
    | typeof InitializeRequest20Schema
    | typeof InitializeRequest24Schema
    | typeof InitializeRequestSchema;
  /** The layout of the answers to vm.VM/CreateHandlers and CreateStaticHandlers. */
  readonly handlersReply: typeof CreateHandlersResponse16Schema | typeof CreateHandlersResponseSchema;
  /** Whether replies about a block contain its status. */
  readonly hasBlockStatus: boolean;
  /** How the engine learns of an event: we call Messenger.Notify, or it calls WaitForEvent. */
  readonly events: "notify" | "wait";
  /** The number of each event, in either call. */
  readonly messages: Readonly<Record<VmEvent, Message>>;
  readonly sendAppGossip: DescMethodUnary<
    typeof SendAppGossipMsg16Schema | typeof SendAppGossipMsgSchema,
    typeof EmptySchema
  >;
  /** Whether the node serves validatorstate.ValidatorState. */
  readonly hasValidators: boolean;
  /** Whether there is AppSender.SendAppError. */
  readonly hasAppErrors: boolean;
  /** What StateSummaryAccept answers: whether the VM syncs to the summary, or how. */
  readonly summaryReply: "whether" | "how";
  /** Where http.HTTP/Handle has the body: inside its message, or read in calls up to this error text or code. */
  readonly requestBody: "inside" | "read to EOF text" | "read to EOF code";
}

/** The oldest. The numbers are those of AvalancheGo's version/compatibility.json. */
const first: Protocol = {
  version: 16, // v1.8.0
  stopSignals: ["SIGTERM"],
  initializeRequest: InitializeRequest16Schema,
  handlersReply: CreateHandlersResponse16Schema,
  hasBlockStatus: true,
  events: "notify",
  // These protocols count from 0 (avalanchego v1.9.5, snow/engine/common/message.go:19).
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
 * The protocol that we announce when no node names its own: that of AvalancheGo v1.14.2. Tools start a plugin to learn
 * its protocol, and then look for a release of AvalancheGo that has it. So it is not a pre-release's.
 */
export const defaultProtocol = 45;

/** Takes a number from `oldestProtocol` on. A number above `newestProtocol` gets the rules of `newestProtocol`. */
export function protocolOf(version: number): Protocol {
  let protocol: Protocol = { ...first, version };
  for (const [since, change] of changes) if (since <= version) protocol = { ...protocol, ...change };
  return protocol;
}
