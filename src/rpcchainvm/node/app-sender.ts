import { AppSender as AppSenderService } from "../../../gen/appsender/appsender_pb.ts";
import { type NodeId, nodeIdToBytes } from "../../avalanche/node-id.ts";
import type { GrpcClient } from "../grpc/client.ts";
import type { Protocol } from "../protocol.ts";

/** Generous: the node takes a message at once. */
const timeoutMs = 10_000;
/** How many requests of this VM may be unanswered at a time. Each is kept until its answer or its failure comes. */
export const maxAppRequests = 1_024;

/**
 * Why there is no answer to an app request, in the numbers of AvalancheGo (v1.14.2, snow/engine/common/error.go): -1
 * for a time-out, 0 for no reason, and numbers above 0 have a meaning that the VM defines. A VM throws it to refuse a
 * peer's request, and gets it when its own request is refused. Until protocol 30 the code is 0.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  /** i32. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * To how many nodes of each kind a message goes; 0 where nothing is given. The node picks them at random. Until
 * protocol 33 the node decides the numbers itself.
 */
export interface GossipTargets {
  readonly validators?: number;
  readonly nonValidators?: number;
  /** Of both kinds. */
  readonly peers?: number;
}

interface Pending {
  readonly nodeId: NodeId;
  readonly resolve: (response: Uint8Array) => void;
  readonly reject: (error: AppError) => void;
}

/**
 * Sends messages of at most 2 MiB to the VMs of the chain's other nodes (appsender.AppSender). A VM calls `gossip` and
 * `request`. The other methods are called by the services that take a peer's requests and answers.
 */
export class AppSender {
  readonly #client: GrpcClient;
  readonly #protocol: Protocol;
  readonly #pendingById = new Map<number, Pending>();
  #lastId = 0;

  constructor(client: GrpcClient, protocol: Protocol) {
    this.#client = client;
    this.#protocol = protocol;
  }

  /**
   * SendAppGossip. Resolves when the node has taken the message. It is not known who gets it. Rejects with a
   * `ConnectError` when the node does not take it within 10 s, or has shut the VM down.
   */
  async gossip(
    message: Uint8Array,
    { validators = 0, nonValidators = 0, peers = 0 }: GossipTargets = {},
  ): Promise<void> {
    const counts = { validators: BigInt(validators), nonValidators: BigInt(nonValidators), peers: BigInt(peers) };
    await this.#client.call(this.#protocol.sendAppGossip, { ...counts, msg: message }, timeoutMs);
  }

  /**
   * SendAppRequest. Resolves with the peer's answer. Rejects with an `AppError` when the peer gives none (the node
   * reports that after its own time-out of some 10 s at the latest), when `maxAppRequests` are under way, and when the
   * VM is shut down. Rejects with a `ConnectError` when the node does not send the request.
   */
  async request(nodeId: NodeId, request: Uint8Array): Promise<Uint8Array> {
    if (this.#pendingById.size >= maxAppRequests) throw new AppError(0, "too many requests are not answered yet");
    const requestId = this.#nextId();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    promise.catch(() => {}); // it may fail before the node confirms that it was sent
    this.#pendingById.set(requestId, { nodeId, resolve, reject });
    try {
      const sent = { nodeIds: [nodeIdToBytes(nodeId)], requestId, request };
      await this.#client.call(AppSenderService.method.sendAppRequest, sent, timeoutMs);
      return await promise;
    } finally {
      this.#pendingById.delete(requestId);
    }
  }

  /** A peer's answer. Ignored if this peer was not asked. */
  takeResponse(nodeId: NodeId, requestId: number, response: Uint8Array): void {
    this.#pendingOf(nodeId, requestId)?.resolve(new Uint8Array(response));
  }

  /** A request of ours gets no answer. */
  takeFailure(nodeId: NodeId, requestId: number, error: AppError): void {
    this.#pendingOf(nodeId, requestId)?.reject(error);
  }

  /** Answers a request of a peer. */
  async respond(nodeId: NodeId, requestId: number, response: Uint8Array): Promise<void> {
    const sent = { nodeId: nodeIdToBytes(nodeId), requestId, response };
    await this.#client.call(AppSenderService.method.sendAppResponse, sent, timeoutMs);
  }

  /** Reports to the peer that there is no answer. If the protocol has no such call, the peer waits for its time-out. */
  async refuse(nodeId: NodeId, requestId: number, { code, message }: AppError): Promise<void> {
    if (!this.#protocol.hasAppErrors) return;
    const sent = { nodeId: nodeIdToBytes(nodeId), requestId, errorCode: code, errorMessage: message };
    await this.#client.call(AppSenderService.method.sendAppError, sent, timeoutMs);
  }

  /** Rejects all requests that still wait for an answer. */
  close(): void {
    for (const { reject } of this.#pendingById.values()) reject(new AppError(0, "the VM is shut down"));
  }

  #pendingOf(nodeId: NodeId, requestId: number): Pending | undefined {
    const pending = this.#pendingById.get(requestId);
    return pending?.nodeId === nodeId ? pending : undefined;
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) % 2 ** 32;
    while (this.#pendingById.has(this.#lastId));
    return this.#lastId;
  }
}
