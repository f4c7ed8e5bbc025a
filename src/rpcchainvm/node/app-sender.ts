import { AppSender as AppSenderService } from "../../../gen/appsender/appsender_pb.ts";
import { type NodeId, nodeIdToBytes } from "../../avalanche/node-id.ts";
import type { GrpcClient } from "../grpc/client.ts";
import type { Protocol } from "../protocol.ts";

/** The node takes a message at once. */
const timeoutMs = 10_000;
/** Requests of this VM that are not answered yet, at most: each is remembered until the node says what became of it. */
export const maxAppRequests = 1_024;

/**
 * Why there is no answer to an app request, in the numbers of AvalancheGo (v1.14.2, snow/engine/common/error.go): -1
 * for a time-out, 0 for no reason, and above 0 what the VM that was asked means by it. A VM throws it to refuse a
 * peer's request, and gets it when its own is refused; until protocol 30 the node does not say why, and the code is 0.
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
 * To how many nodes a message goes, which the node picks at random: to none where nothing is said. Until protocol 33 it
 * decides itself.
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
 * Messages to the VMs of other nodes of the chain (appsender.AppSender), of 2 MiB at most. A VM calls `gossip` and
 * `request`; the others are called for what it is asked, and for what comes back.
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
   * SendAppGossip. Resolves when the node has taken the message; who gets it is not known. Rejects with a
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
   * SendAppRequest. Resolves with the answer of a peer. Rejects with an `AppError` when it gives none, which the node
   * says at the latest after its own time-out, some 10 s; when `maxAppRequests` are under way; and when the VM is shut
   * down. Rejects with a `ConnectError` when the node does not send it.
   */
  async request(nodeId: NodeId, request: Uint8Array): Promise<Uint8Array> {
    if (this.#pendingById.size >= maxAppRequests) throw new AppError(0, "too many requests are not answered yet");
    const requestId = this.#nextId();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    promise.catch(() => {}); // it may fail before the node has said that it was sent
    this.#pendingById.set(requestId, { nodeId, resolve, reject });
    try {
      const sent = { nodeIds: [nodeIdToBytes(nodeId)], requestId, request };
      await this.#client.call(AppSenderService.method.sendAppRequest, sent, timeoutMs);
      return await promise;
    } finally {
      this.#pendingById.delete(requestId);
    }
  }

  /** What a peer answers. What was not asked, or not of this peer, is nothing. */
  takeResponse(nodeId: NodeId, requestId: number, response: Uint8Array): void {
    this.#pendingOf(nodeId, requestId)?.resolve(new Uint8Array(response));
  }

  /** No answer will come. */
  takeFailure(nodeId: NodeId, requestId: number, error: AppError): void {
    this.#pendingOf(nodeId, requestId)?.reject(error);
  }

  /** Answers a request of a peer. */
  async respond(nodeId: NodeId, requestId: number, response: Uint8Array): Promise<void> {
    const sent = { nodeId: nodeIdToBytes(nodeId), requestId, response };
    await this.#client.call(AppSenderService.method.sendAppResponse, sent, timeoutMs);
  }

  /** Says that there is no answer, where the protocol can say it; the peer waits in vain else. */
  async refuse(nodeId: NodeId, requestId: number, { code, message }: AppError): Promise<void> {
    if (!this.#protocol.hasAppErrors) return;
    const sent = { nodeId: nodeIdToBytes(nodeId), requestId, errorCode: code, errorMessage: message };
    await this.#client.call(AppSenderService.method.sendAppError, sent, timeoutMs);
  }

  /** Ends all that wait for an answer. */
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
