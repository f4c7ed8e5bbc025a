import type { Database } from "bun:sqlite";
import type { Id } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import { type Digest, digestOf } from "../../src/core/digest.ts";
import type { ChainError } from "../../src/core/errors.ts";
import type { Submission } from "../../src/core/proposal.ts";
import type { Refusals } from "../../src/vm/chain-view.ts";
import { proposeSynced } from "../../src/vm/synced.ts";
import { pragmaOf } from "../support/database.ts";
import type { Chain } from "./accepting.ts";
import { Bootstrapper } from "./bootstrapper.ts";
import { Engine, isRefusal } from "./engine.ts";
import { type Message, nodeIdOf } from "./network.ts";
import { Notifier } from "./notifier.ts";
import { SightCheck } from "./sight-check.ts";
import type { World } from "./world.ts";

export interface LifeParts extends Chain {
  readonly node: number;
  readonly world: World;
  /** The one of the VM, in runs that need it. */
  readonly connection: Database | undefined;
  /** Unix milliseconds by the node's clock. */
  readonly nowMs: () => bigint;
  /** Ends this life as kill -9 does. */
  readonly die: () => void;
  /** Ends this life as the node does after an error that it cannot live with. */
  readonly halt: (error: unknown) => void;
}

/** One process of a VM, with the node's part of the chain around it: it bootstraps, then takes part. */
export class Life {
  readonly #parts: LifeParts;
  readonly #engine: Engine;
  readonly #notifier: Notifier;
  readonly #sights: SightCheck;
  #isNormal = false;
  #isDeciding = false;
  #isOver = false;

  constructor(parts: LifeParts) {
    const { node, vm, world } = parts;
    this.#parts = parts;
    this.#sights = new SightCheck(vm, world.journal, parts.nowMs);
    const slotWaitMs = () => {
      if (!this.#isNormal) return 0;
      return world.slots.waitMs(node, this.#engine.preference ?? vm.lastAccepted.id, world.schedule.nowMs);
    };
    this.#engine = new Engine({
      ...parts,
      slotWaitMs,
      checkForEvent: () => this.#notifier.checkForEvent(),
      changed: () => this.#notifier.changed(),
      verified: (id) => this.#sights.note(id),
    });
    this.#notifier = new Notifier({ node, vm, world, slotWaitMs, notify: () => this.#notify() });
  }

  /** Whether it is in normal operation: clients and consensus reach it then only. */
  get isNormal(): boolean {
    return this.#isNormal;
  }

  get lastAccepted(): Block {
    return this.#parts.vm.lastAccepted;
  }

  /** Whether it has nothing left to do. */
  get isQuiet(): boolean {
    const { vm } = this.#parts;
    const isShown = vm.confirmed.last.id === vm.lastAccepted.id;
    return this.#isNormal && isShown && vm.status().mempool.items === 0 && this.#engine.processing === 0;
  }

  start(): void {
    const { vm, world } = this.#parts;
    vm.setState("bootstrapping");
    this.#notifier.checkForEvent();
    const bootstrapper = new Bootstrapper(this.#parts);
    const step = () => {
      if (this.#isOver) return;
      const isDone = bootstrapper.step();
      if (this.#isOver) return;
      if (isDone) this.#operate();
      else world.schedule.after(world.random.between(10, 300), step);
    };
    step();
  }

  /** The process is gone. */
  end(): void {
    this.#isOver = true;
    this.#notifier.stop();
  }

  has(id: Id): boolean {
    return this.#engine.has(id) || this.lastAccepted.id === id;
  }

  /** The block and its ancestors, newest first, as many as one message takes. */
  getAncestors(id: Id): Uint8Array[] {
    const limits = { maxBlocks: 30, maxBytes: 2_000_000, maxMs: 50 };
    return this.#parts.vm.getAncestors(id, limits).map(({ bytes }) => bytes);
  }

  /** The accepted blocks from a height on, as they stand in the file. */
  readChain(from: number): Block[] {
    const { vm } = this.#parts;
    const blocks: Block[] = [];
    for (let height = BigInt(from); height <= vm.lastAccepted.height; height++) {
      const id = vm.getBlockIdAtHeight(height);
      const block = id && vm.getAcceptedBlock(id);
      if (block !== undefined) blocks.push(block);
      else this.#violate(`block ${height} is missing`);
    }
    return blocks;
  }

  receive(message: Message, from: number): void {
    const { node, world } = this.#parts;
    if (message.kind === "gossip") return this.addGossip(message.data, from);
    if (message.kind === "blocks") {
      if (!this.#isNormal) return;
      this.#engine.receive(message.blocks, from);
      return this.#decideSoon();
    }
    const blocks = this.getAncestors(message.id).reverse();
    if (blocks.length > 0) world.network.send(node, from, { kind: "blocks", blocks });
  }

  addGossip(data: readonly Uint8Array[], from: number): void {
    this.#notifier.changed();
    try {
      this.#parts.vm.addGossip(data, nodeIdOf(from));
    } catch (error) {
      if (!isRefusal(error, "database failed")) this.#violate(`gossip: ${error}`);
    }
  }

  /**
   * What a client learns of each, when it learns it: not if the process is gone before. Nothing while the node does not
   * let clients in.
   */
  async propose(batch: readonly Omit<Submission, "caller">[]): Promise<Refusals> {
    if (!this.#isNormal) return [];
    this.#notifier.changed();
    try {
      // Four clients, by what they propose.
      const submissions = batch.map((item) => ({ ...item, caller: `client ${(item.data.at(-1) ?? 0) % 4}` }));
      return await proposeSynced(this.#parts.vm)(submissions);
    } catch (error) {
      if (this.#isOver) return [];
      if (!isRefusal(error, "database failed")) this.#violate(`propose: ${error}`);
      return batch.map(() => error as ChainError);
    }
  }

  /** The node asks for events anew, for whatever reason. */
  cancelWait(): void {
    if (this.#isNormal) this.#notifier.checkForEvent();
  }

  /** The votes go to a rival. */
  flip(): void {
    if (this.#isNormal) this.#engine.flip();
  }

  /** The time of day is another one; the VM looks at it once a second. */
  clockJumped(): void {
    this.#notifier.changed(1_000);
  }

  /** No page can be added to the file any more. */
  fillDisk(): void {
    const { connection } = this.#parts;
    if (connection) pragmaOf(connection, `max_page_count = ${pragmaOf(connection, "page_count")}`);
  }

  freeDisk(): void {
    const { connection } = this.#parts;
    if (connection) pragmaOf(connection, "max_page_count = 1000000");
  }

  /** Looks for what must hold at any time between two calls. */
  check(): void {
    if (!this.#isNormal) return;
    this.#notifier.checkWaiting();
    this.#checkConfirmed();
    this.#sights.check();
    const { processing } = this.#parts.vm.status();
    if (processing === this.#engine.processing) return;
    this.#violate(`${processing} blocks are processing, ${this.#engine.processing} in the node`);
  }

  /** What clients learn of data is the first block that carries it. */
  checkReceipts(): void {
    const firstByDigest = new Map<Digest, Id>();
    for (const { id, data } of this.readChain(0).reverse()) firstByDigest.set(digestOf(data), id);
    for (const [digest, id] of firstByDigest) {
      const receipt = this.#parts.vm.receiptOf(digest);
      if (receipt.status !== "accepted") this.#violate(`the data of block ${id} is ${receipt.status} to clients`);
      else if (receipt.block.id !== id) this.#violate(`clients find block ${receipt.block.id} before block ${id}`);
    }
  }

  checkHealth(): void {
    try {
      this.#parts.vm.checkHealth();
    } catch (error) {
      this.#violate(`health: ${error}`);
    }
  }

  /** Clients see what is accepted, and nothing that the node's database does not know. */
  #checkConfirmed(): void {
    const { vm, database } = this.#parts;
    const { id, height } = vm.confirmed.last;
    const known = database.record.marker?.height ?? 0n;
    if (id !== vm.getBlockIdAtHeight(height)) this.#violate(`clients see block ${id} at height ${height}`);
    if (height > known) this.#violate(`clients see block ${height}, the node's database knows ${known}`);
  }

  #operate(): void {
    const { vm, world, node } = this.#parts;
    this.#engine.updatePreference();
    vm.setState("normal operation");
    vm.setValidators(new Map(world.plan.stakes.map((weight, index) => [nodeIdOf(index), weight])));
    this.#isNormal = true;
    this.#notifier.changed();
    this.#notifier.checkForEvent();
    world.journal.note(`node ${node} is in normal operation at ${vm.lastAccepted.height}`);
    this.#poll();
  }

  #notify(): void {
    if (this.#isNormal) this.#engine.notify();
    else this.#violate("something to build is announced before normal operation");
  }

  /** Now and then it lets another node know how far it is, and asks for the votes. */
  #poll(): void {
    if (this.#isOver) return;
    const { node, world } = this.#parts;
    const { network, random, schedule } = world;
    this.check();
    const other = random.pick(network.othersOf(node));
    if (other !== undefined) this.#engine.poll(other);
    this.#decideSoon();
    schedule.after(random.between(100, 1_000), () => this.#poll());
  }

  #decideSoon(): void {
    if (this.#isDeciding) return;
    this.#isDeciding = true;
    const { random, schedule, plan } = this.#parts.world;
    schedule.after(random.between(1, 3 * plan.maxLatencyMs), () => {
      this.#isDeciding = false;
      if (!this.#isOver) this.#engine.decide(() => this.#isOver);
    });
  }

  #violate(text: string): void {
    this.#parts.world.journal.violate(`node ${this.#parts.node}: ${text}`);
  }
}
