import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";
import { type Block, noteOf } from "../core/block.ts";
import { formatExactJson } from "../core/exact-json.ts";
import type { Log } from "../log.ts";
import type { Door } from "../operator/door.ts";
import type { AncestorLimits, AppHandler, ChainVm, Metric, State } from "../rpcchainvm/chain-vm.ts";
import type { VmEvent } from "../rpcchainvm/protocol.ts";
import type { HttpServer } from "../rpcchainvm/services/http-handler.ts";
import type { Disk } from "../store/disk.ts";
import type { Vm } from "../vm/vm.ts";
import type { Clients } from "./clients.ts";
import { decodeGossip } from "./gossip.ts";
import { chainMetrics } from "./metrics.ts";
import type { NodeRecord } from "./node-record.ts";
import type { ValidatorWatch } from "./validator-watch.ts";

export interface TimestampVmParts {
  readonly vm: Vm;
  readonly record: NodeRecord;
  readonly disk: Disk;
  /** The node's own id. */
  readonly nodeId: NodeId;
  readonly clients: Clients;
  /** Where the clients' thread serves the chain. */
  readonly http: HttpServer;
  readonly door: Door;
  /** Undefined if the node does not say who validates the chain. */
  readonly validatorWatch: ValidatorWatch | undefined;
  readonly log: Log;
}

/** The chain of timestamps as the node sees it. */
export class TimestampVm implements ChainVm {
  readonly http: HttpServer;
  readonly app: AppHandler;
  readonly #vm: Vm;
  readonly #record: NodeRecord;
  readonly #disk: Disk;
  readonly #nodeId: NodeId;
  readonly #clients: Clients;
  readonly #door: Door;
  readonly #validatorWatch: ValidatorWatch | undefined;
  readonly #log: Log;

  constructor({ vm, record, disk, nodeId, clients, http, door, validatorWatch, log }: TimestampVmParts) {
    this.#vm = vm;
    this.#record = record;
    this.#disk = disk;
    this.#nodeId = nodeId;
    this.#clients = clients;
    this.#door = door;
    this.#validatorWatch = validatorWatch;
    this.#log = log;
    this.http = http;
    this.app = { appGossip: (peer, message) => vm.addGossip(decodeGossip(message), peer) };
  }

  get lastAccepted(): Block {
    return this.#vm.lastAccepted;
  }

  setState(state: State): void {
    this.#vm.setState(state);
    if (state === "normal operation") this.#validatorWatch?.start();
  }

  /** Closes the VM last: the last connection that is closed empties the write-ahead log. */
  async shutdown(): Promise<void> {
    this.#validatorWatch?.stop();
    await Promise.allSettled([this.#door.close(), this.#clients.close()]); // their last calls may need a sync
    await this.#disk.close();
    this.#vm.close();
  }

  health(): string {
    return formatExactJson(this.#vm.checkHealth());
  }

  buildBlock(): Block {
    const block = this.#vm.buildBlock();
    this.#log.debug("block built", () => noteOf(block));
    return block;
  }

  parseBlock(bytes: Uint8Array): Block {
    return this.#vm.parseBlock(bytes);
  }

  getBlock(id: Id): Block | undefined {
    return this.#vm.getBlock(id);
  }

  getBlockIdAtHeight(height: bigint): Id | undefined {
    return this.#vm.getBlockIdAtHeight(height);
  }

  getAncestors(id: Id, limits: AncestorLimits): readonly Uint8Array[] {
    return this.#vm.getAncestors(id, limits).map(({ bytes }) => bytes);
  }

  setPreference(id: Id): void {
    this.#vm.setPreference(id);
  }

  verifyBlock(bytes: Uint8Array): Block {
    return this.#vm.verifyBlock(bytes);
  }

  /**
   * Accepts a block, here first and then in the node's database (see `HeadMarker`). The node does not wait for the
   * disk. Clients see the block when it is on the disk and the node's database has it.
   */
  async acceptBlock(id: Id): Promise<void> {
    await this.#vm.commitPause;
    this.#vm.acceptBlock(id);
    const { lastAccepted, headMarker } = this.#vm;
    await this.#record.writeHeadMarker(headMarker);
    this.#vm.confirm(lastAccepted);
    this.#log.debug("block accepted", () => noteOf(lastAccepted));
  }

  rejectBlock(id: Id): void {
    this.#vm.rejectBlock(id);
    this.#log.debug("block rejected", { id });
  }

  async waitForEvent(signal: AbortSignal): Promise<VmEvent> {
    await this.#vm.waitForEvent(signal);
    return "build block";
  }

  /** The node reports itself too, which is no peer. */
  connected(nodeId: NodeId): void {
    if (nodeId !== this.#nodeId) this.#vm.addPeer(nodeId);
  }

  disconnected(nodeId: NodeId): void {
    this.#vm.removePeer(nodeId);
  }

  metrics(): readonly Metric[] {
    return chainMetrics(this.#vm.status(), this.#clients.restarts);
  }
}
