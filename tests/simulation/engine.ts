import { CodedError } from "../../src/avalanche/coded-error.ts";
import type { Id } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import type { Refusal } from "../support/refusal.ts";
import { accepting, type Chain } from "./accepting.ts";
import { BlockTree } from "./block-tree.ts";
import type { World } from "./world.ts";

export interface EngineParts extends Chain {
  readonly node: number;
  readonly world: World;
  readonly slotWaitMs: () => number;
  readonly checkForEvent: () => void;
  readonly changed: () => void;
  /** Gets each block that was verified. */
  readonly verified: (id: Id) => void;
  /** The process is killed. */
  readonly die: () => void;
  /** The chain stops, as it does at any error of an accept. */
  readonly halt: (error: unknown) => void;
}

/** How many processing blocks keep a node from building (avalanchego v1.14.2, snowball.DefaultParameters). */
const optimalProcessing = 10;
const maxOrphans = 50;
const requestMs = 500;

/** Consensus in one node in normal operation: calls the VM in the order of AvalancheGo's snowman engine. */
export class Engine {
  readonly #parts: EngineParts;
  readonly #tree = new BlockTree();
  /** Blocks whose parent has not come. */
  readonly #orphans = new Map<Id, Block>();
  readonly #requestedAtMs = new Map<Id, number>();
  #preference: Id | undefined;
  #pendingBuilds = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** How many blocks are verified and not decided. */
  get processing(): number {
    return this.#tree.size;
  }

  /** The block that it would build on; undefined before the first. */
  get preference(): Id | undefined {
    return this.#preference;
  }

  /** Takes blocks that `from` sent. */
  receive(blocks: readonly Uint8Array[], from: number): void {
    for (const bytes of blocks) this.#issue(this.#parse(bytes), from);
    this.updatePreference();
  }

  has(id: Id): boolean {
    return this.#tree.has(id);
  }

  /** The VM says that there is something to build. */
  notify(): void {
    this.#pendingBuilds++;
    this.#build();
  }

  /** Accepts what the network has decided, as far as it knows it. */
  decide(isOver: () => boolean): void {
    const { vm, world } = this.#parts;
    for (let more = true; more && !isOver(); more = world.random.chance(0.8)) {
      const { id, height } = vm.lastAccepted;
      const winner = world.consensus.decide(height + 1n, this.#tree.childrenOf(id));
      if (winner === undefined) return;
      if (!this.#accept(winner)) return;
      this.updatePreference();
      this.#build();
    }
  }

  /** The votes go to a rival. */
  flip(): void {
    this.#tree.flip(this.#parts.world.random);
    this.updatePreference();
  }

  updatePreference(): void {
    const { vm, world, checkForEvent, changed } = this.#parts;
    const preference = this.#tree.preferredOn(vm.lastAccepted.id);
    const isNew = preference !== this.#preference;
    if (!isNew && !world.random.chance(0.1)) return;
    this.#preference = preference;
    vm.setPreference(preference);
    if (!isNew) return;
    changed();
    checkForEvent();
  }

  /** Lets another node know how far this one is. */
  poll(to: number): void {
    const { vm, node, world } = this.#parts;
    const preferred = this.#preference && vm.getBlock(this.#preference);
    const blocks = [vm.lastAccepted, ...(preferred ? [preferred] : [])].filter(({ height }) => height > 0n);
    world.network.send(node, to, { kind: "blocks", blocks: blocks.map(({ bytes }) => bytes) });
  }

  #issue(block: Block, from: number): void {
    const { vm, world } = this.#parts;
    if (block.height <= vm.lastAccepted.height) return;
    if (this.#tree.has(block.id) && !world.random.chance(0.05)) return;
    if (block.parentId !== vm.lastAccepted.id && !this.#tree.has(block.parentId)) {
      if (this.#orphans.size < maxOrphans) this.#orphans.set(block.id, block);
      return this.#request(block.parentId, from);
    }
    if (!this.#verify(block)) return;
    this.#tree.add(block);
    for (const orphan of [...this.#orphans.values()]) {
      if (orphan.parentId !== block.id) continue;
      this.#orphans.delete(orphan.id);
      this.#issue(orphan, from);
    }
  }

  /** Asks for the first ancestor that is missing, unless an answer may still come. */
  #request(parent: Id, from: number): void {
    const { node, world } = this.#parts;
    const { nowMs } = world.schedule;
    let id = parent;
    for (let orphan = this.#orphans.get(id); orphan !== undefined; orphan = this.#orphans.get(id)) id = orphan.parentId;
    const askedAtMs = this.#requestedAtMs.get(id) ?? Number.NEGATIVE_INFINITY;
    if (from === node || nowMs < askedAtMs + requestMs) return;
    this.#requestedAtMs.set(id, nowMs);
    world.network.send(node, from, { kind: "get", id });
  }

  /** The node asks the VM for what it has not seen (vms/components/chain/state.go). */
  #parse(bytes: Uint8Array): Block {
    const { vm, world } = this.#parts;
    const parsed = world.parsed.get(bytes) ?? vm.parseBlock(bytes);
    world.parsed.set(bytes, parsed);
    return parsed;
  }

  #verify(block: Block): boolean {
    const { vm, node, world, verified } = this.#parts;
    try {
      vm.verifyBlock(block.bytes);
      verified(block.id);
      return true;
    } catch (error) {
      // Clocks differ, and not all blocks are from honest nodes.
      if (!isRefusal(error, "future timestamp", "timestamp before parent", "wrong height"))
        world.journal.violate(`node ${node}: verify of ${block.id}: ${error}`);
      return false;
    }
  }

  /** Gives whether the node goes on. */
  #accept(block: Block): boolean {
    const { world, node, die, halt } = this.#parts;
    const losers = this.#tree.losersTo(block, world.random);
    try {
      for (const _ of accepting(this.#parts, block, losers)) {
        if (!world.troubles.kills()) continue;
        world.journal.note(`node ${node} is killed in the accept of ${block.height}`);
        die();
        return false;
      }
    } catch (error) {
      halt(error);
      return false;
    }
    world.journal.note(`node ${node} accepted ${block.height} ${block.id.slice(0, 6)}`);
    this.#tree.delete([block, ...losers]);
    for (const { id, height } of [...this.#orphans.values()]) if (height <= block.height) this.#orphans.delete(id);
    this.#parts.changed();
    return true;
  }

  #build(): void {
    const { node, world, checkForEvent } = this.#parts;
    while (this.#pendingBuilds > 0 && this.processing < optimalProcessing) {
      this.#pendingBuilds--;
      const block = this.#tryBuild();
      checkForEvent();
      if (block === undefined) continue;
      world.journal.note(`node ${node} built ${block.height} ${block.id.slice(0, 6)}`);
      this.#issue(block, node);
      world.network.broadcast(node, { kind: "blocks", blocks: [block.bytes] });
      this.updatePreference();
    }
  }

  #tryBuild(): Block | undefined {
    const { vm, world, node, slotWaitMs } = this.#parts;
    if (slotWaitMs() > 0) return undefined;
    try {
      const block = vm.buildBlock();
      world.journal.count("blocks built");
      world.consensus.add(block);
      return world.troubles.wastes() ? undefined : block;
    } catch (error) {
      world.journal.count("failed builds");
      if (!isRefusal(error, "nothing to build", "too early", "future timestamp", "database failed")) {
        world.journal.violate(`node ${node}: build: ${error}`);
      }
      return undefined;
    }
  }
}

export function isRefusal(error: unknown, ...codes: readonly Refusal["code"][]): boolean {
  return error instanceof CodedError && codes.includes(error.refusal.code);
}
