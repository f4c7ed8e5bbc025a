import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import type { SendAppErrorMsg, SendAppRequestMsg, SendAppResponseMsg } from "../../gen/appsender/appsender_pb.ts";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import type { HTTP } from "../../gen/http/http_pb.ts";
import { type BuildBlockResponse, type InitializeRequestSchema, State } from "../../gen/vm/vm_pb.ts";
import type { AppMessages } from "./app-messages.ts";
import { deadlineMs, within } from "./deadline.ts";
import { GrpcChannel } from "./grpc-peer.ts";
import { askNode, type HttpAnswer, type HttpRequest } from "./node-http.ts";
import type { NodeServices } from "./node-services.ts";
import { servicesOf } from "./services.ts";
import { lastStateSummary, type StateSummary, syncState } from "./state-sync.ts";
import { createVmClient, type VmClient } from "./vm-client.ts";

/** What Initialize says, in the newest layout: what an older one lacks is not sent. */
export type InitializeFields = MessageInitShape<typeof InitializeRequestSchema>;

/** What a plugin's client knows of the node. */
export interface NodeSide {
  readonly protocol: number;
  /** What the node serves this plugin alone. */
  readonly services: NodeServices;
  /** What all of its plugins sent to other nodes. */
  readonly messages: AppMessages;
  /** What the node says at Initialize, in the newest layout. */
  readonly fields: InitializeFields;
}

/** The services of a running plugin, as its node calls them. */
export class PluginClient {
  readonly protocol: number;
  /** Fails as the node's client does: see `createVmClient`. */
  readonly vm: VmClient;
  /** Where the first handler of CreateHandlers serves. */
  readonly http: Client<typeof HTTP>;
  /** Most gRPC servers have it; no node asks. */
  readonly health: Client<typeof Health>;
  /** What it sends to the node. */
  readonly node: NodeServices;
  protected readonly channel: GrpcChannel;
  #handler: Promise<string> | undefined;
  readonly #httpChannels = new Map<string, GrpcChannel>();
  readonly #fields: InitializeFields;
  readonly #messages: AppMessages;

  /** `address` is where it serves. */
  constructor(address: string, { protocol, services, messages, fields }: NodeSide) {
    this.protocol = protocol;
    this.node = services;
    this.#fields = fields;
    this.#messages = messages;
    this.channel = new GrpcChannel(address);
    this.vm = createVmClient(this.channel, protocol, services.events);
    this.http = {
      handleSimple: async (request, options) => (await this.#chainHttp()).handleSimple(request, options),
      handle: async (request, options) => (await this.#chainHttp()).handle(request, options),
    };
    this.health = this.channel.client(Health);
  }

  /**
   * What a client of the node's HTTP server sees, for a request to a handler of the plugin: the first of CreateHandlers
   * if none is given. The node sends a request there by the handler's prefix; `url` is what the client asked for.
   */
  ask(request: HttpRequest, handler?: { readonly serverAddr: string }): Promise<HttpAnswer> {
    return askNode(handler === undefined ? this.http : this.#httpAt(handler.serverAddr), this.protocol, request);
  }

  /** Where CreateHandlers says, as the node does. */
  async #chainHttp(): Promise<Client<typeof HTTP>> {
    this.#handler ??= this.vm.createHandlers({}).then(({ handlers: [handler] }) => handler?.serverAddr ?? "");
    return this.#httpAt(await this.#handler);
  }

  #httpAt(address: string): Client<typeof HTTP> {
    const channel = this.#httpChannels.get(address) ?? new GrpcChannel(address);
    this.#httpChannels.set(address, channel);
    return channel.client(servicesOf(this.protocol).http);
  }

  /**
   * Says what the node says, but for `fields`. Until protocol 29 with the address of an older database behind, as some
   * do.
   */
  initialize(fields: InitializeFields = {}) {
    const request = { ...this.#fields, ...fields } as InitializeFields;
    const database = { version: "v1.4.5", serverAddr: request.dbServerAddr };
    const older = { version: "v1.0.0", serverAddr: "127.0.0.1:1" };
    return this.vm.initialize({ ...request, ...{ dbServers: [database, older] } } as InitializeFields);
  }

  /** As the node does when the chain is up to date. */
  async toNormalOperation(): Promise<void> {
    const { lastAcceptedId } = await this.vm.setState({ state: State.BOOTSTRAPPING });
    await this.vm.setPreference({ id: lastAcceptedId });
    await this.vm.setState({ state: State.NORMAL_OP });
  }

  /** Initialize, and all up to normal operation. */
  async start(fields: InitializeFields = {}): Promise<void> {
    await this.initialize(fields);
    await this.toNormalOperation();
  }

  /** Waits until there is a block to build, and leads it up to preference, as the engine does. */
  async buildAndVerify(): Promise<BuildBlockResponse> {
    await within("something to build", this.vm.waitForEvent({}));
    const block = await this.vm.buildBlock({});
    await this.vm.blockVerify({ bytes: block.bytes });
    await this.vm.setPreference({ id: block.id });
    return block;
  }

  /** The same, and then it is accepted. */
  async buildAndAccept(): Promise<BuildBlockResponse> {
    const block = await this.buildAndVerify();
    await this.vm.blockAccept({ id: block.id });
    return block;
  }

  /** What it offers to nodes that want to sync: see `lastStateSummary` in state-sync.ts. */
  lastStateSummary(): Promise<StateSummary | undefined> {
    return lastStateSummary(this.vm);
  }

  /** Lets it sync to a summary after Initialize, and gives how it took it: see `syncState` in state-sync.ts. */
  syncState(summary: Uint8Array): Promise<"skipped" | "static" | "dynamic"> {
    return syncState(this, summary);
  }

  /** Sends it another node's request; gives the answer, or what the plugin says instead. Rejects after a minute. */
  async sendRequest(nodeId: Uint8Array, request: Uint8Array): Promise<SendAppResponseMsg | SendAppErrorMsg> {
    const requestId = this.#messages.newRequestId();
    const deadline = timestampFromMs(Date.now() + deadlineMs);
    await this.vm.appRequest({ nodeId, requestId, deadline, request });
    return this.#messages.answers.find((answer) => answer.requestId === requestId);
  }

  /** Answers what it asked with SendAppRequest, as one of the nodes that it named; as the first if none is given. */
  async answerRequest(request: SendAppRequestMsg, response: Uint8Array, nodeId = request.nodeIds[0]): Promise<void> {
    await this.vm.appResponse({ ...fromPeer(request, nodeId), response });
  }

  /**
   * The same when no answer comes. The error is read from protocol 31 on; a peer that takes too long if none is given.
   */
  async failRequest(
    request: SendAppRequestMsg,
    { errorCode, errorMessage }: AppError = timedOut,
    nodeId = request.nodeIds[0],
  ): Promise<void> {
    await this.vm.appRequestFailed({ ...fromPeer(request, nodeId), errorCode, errorMessage });
  }

  /** Ends the connections. */
  close(): void {
    for (const channel of [this.channel, ...this.#httpChannels.values()]) channel[Symbol.dispose]();
  }
}

interface AppError {
  readonly errorCode: number;
  readonly errorMessage: string;
}

/** In the node's own words (snow/engine/common/error.go). */
const timedOut: AppError = { errorCode: -1, errorMessage: "timed out" };

function fromPeer({ requestId }: SendAppRequestMsg, nodeId: Uint8Array | undefined) {
  if (nodeId === undefined) throw new Error("the request is to nobody");
  return { nodeId, requestId };
}
