import { Code, ConnectError } from "@connectrpc/connect";
import type { InitializeRequest } from "../../gen/vm/vm_pb.ts";
import { equalBytes, type Id } from "../avalanche/id.ts";
import { type NodeId, nodeIdBytes, nodeIdFromBytes } from "../avalanche/node-id.ts";
import type { Block } from "../core/block.ts";
import { type ChainOptions, closeChain, type OpenChain, openChain } from "../plugin/initialize.ts";
import type { Vm } from "../vm/vm.ts";
import type { HttpApp } from "./services/http-service.ts";

/** One life of a plugin process, as the node leads it: Initialize once, Shutdown once. */
export class Session {
  readonly #options: ChainOptions;
  #phase: "new" | "opening" | "open" | "shut down" = "new";
  #chain: OpenChain | undefined;
  /** The node's own id. */
  #nodeId: Uint8Array = new Uint8Array();

  constructor(options: ChainOptions) {
    this.#options = options;
  }

  /** The node may only end us with a signal before Initialize or after Shutdown. */
  get mayLeave(): boolean {
    return this.#phase === "new" || this.#phase === "shut down";
  }

  /** The chain's VM, where there is one: for calls that must be answered at any time. */
  get vmIfOpen(): Vm | undefined {
    return this.#chain?.vm;
  }

  /** Throws "not initialized" or "shut down". */
  get vm(): Vm {
    return this.#open.vm;
  }

  /** Opens the chain at a head that the node's database knows too. Gives its last accepted block. */
  async initialize(request: InitializeRequest): Promise<Block> {
    if (this.#phase === "shut down") throw shutDown();
    if (this.#phase !== "new") throw new ConnectError("the VM is initialized already", Code.FailedPrecondition);
    this.#phase = "opening";
    this.#nodeId = request.nodeId;
    try {
      const chain = await openChain(request, this.#options);
      if (this.#phase !== "opening") {
        closeChain(chain);
        throw shutDown();
      }
      this.#chain = chain;
      this.#phase = "open";
      return chain.vm.lastAccepted;
    } catch (error) {
      if (this.#phase === "opening") this.#phase = "new";
      this.#options.log.error("cannot initialize", { error: (error as Error).message });
      throw error;
    }
  }

  /** Accepts a block, here first and then in the node's database: see `HeadMarker`. */
  async acceptBlock(id: Id): Promise<void> {
    const { vm, database } = this.#open;
    vm.acceptBlock(id);
    const { lastAccepted, headMarker } = vm;
    await database.writeHeadMarker(headMarker);
    vm.confirm(lastAccepted);
  }

  /** A node is connected. */
  addPeer(nodeId: Uint8Array): void {
    const peer = this.#peerOf(nodeId);
    if (peer !== undefined) this.vmIfOpen?.addPeer(peer);
  }

  removePeer(nodeId: Uint8Array): void {
    const peer = this.#peerOf(nodeId);
    if (peer !== undefined) this.vmIfOpen?.removePeer(peer);
  }

  /** What answers HTTP requests of the chain, where there is one. */
  get app(): HttpApp | undefined {
    return this.#chain?.app;
  }

  /** Releases the database. What was accepted is on disk; more calls are refused. */
  shutDown(): void {
    if (this.#phase === "shut down") return;
    const chain = this.#chain;
    this.#phase = "shut down";
    this.#chain = undefined;
    if (chain !== undefined) closeChain(chain);
    this.#options.log.info("shut down");
  }

  /** Undefined for what is no node id, and for the node itself: it tells a chain of that as well. */
  #peerOf(nodeId: Uint8Array): NodeId | undefined {
    const isPeer = nodeId.length === nodeIdBytes && !equalBytes(nodeId, this.#nodeId);
    return isPeer ? nodeIdFromBytes(nodeId) : undefined;
  }

  get #open(): OpenChain {
    if (this.#chain !== undefined) return this.#chain;
    if (this.#phase === "shut down") throw shutDown();
    throw new ConnectError("the VM is not initialized", Code.FailedPrecondition);
  }
}

function shutDown(): ConnectError {
  return new ConnectError("the VM is shut down", Code.Unavailable);
}
