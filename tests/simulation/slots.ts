import type { Id } from "../../src/avalanche/id.ts";

/**
 * Who may build when, as proposervm has it: behind each block, time is cut into slots, and each slot belongs to one node
 * (avalanchego v1.14.2, vms/proposervm/proposer/windower.go). Slots of 0 ms: everybody may build at any time, as before
 * the fork.
 */
export class Slots {
  /** Those that ever build: the first ones. */
  readonly #nodes: number;
  readonly #slotMs: number;
  readonly #sinceMsByParent = new Map<Id, number>();

  constructor(nodes: number, slotMs: number) {
    this.#nodes = nodes;
    this.#slotMs = slotMs;
  }

  /** How long the node must wait until it may build on the block. */
  waitMs(node: number, parent: Id, nowMs: number): number {
    if (node >= this.#nodes) return Number.MAX_SAFE_INTEGER;
    if (this.#slotMs === 0) return 0;
    const sinceMs = this.#sinceMsByParent.getOrInsert(parent, nowMs);
    const current = Math.floor((nowMs - sinceMs) / this.#slotMs);
    let slot = current;
    while (this.#ownerOf(parent, slot) !== node) slot++;
    return slot === current ? 0 : sinceMs + slot * this.#slotMs - nowMs;
  }

  /** Each node once in a round, in an order that the parent fixes. */
  #ownerOf(parent: Id, slot: number): number {
    const start = hash(parent);
    const round = hash(`${parent} ${Math.floor(slot / this.#nodes)}`);
    return (start + round + slot) % this.#nodes;
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 8;
}
