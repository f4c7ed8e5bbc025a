import type { Id } from "../../src/avalanche/id.ts";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import type { Block } from "../../src/core/block.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";
import type { Troubles } from "./troubles.ts";

export type Message =
  | { readonly kind: "blocks"; readonly blocks: readonly Uint8Array[] }
  | { readonly kind: "get"; readonly id: Id }
  | { readonly kind: "gossip"; readonly data: readonly Uint8Array[] };

/** A node as the others see it. */
export interface Peer {
  /** Whether its process runs. */
  readonly isUp: boolean;
  /** Its last accepted block; undefined while it is down. */
  readonly lastAccepted: Block | undefined;
  /** Whether it has the block, processing or as its last accepted one. */
  has(id: Id): boolean;
  /** The block and its ancestors, newest first. */
  getAncestors(id: Id): readonly Uint8Array[];
  receive(message: Message, from: number): void;
}

export interface NetworkOptions {
  readonly random: Random;
  readonly schedule: Schedule;
  readonly maxLatencyMs: number;
  readonly troubles: Troubles;
}

/** What the others call a node, or a liar: these have the numbers behind those of the nodes. */
export function nodeIdOf(index: number): NodeId {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setUint32(0, index + 1);
  return nodeIdFromBytes(bytes);
}

/** Carries messages between nodes: late, in any order, some twice, some never. */
export class Network {
  readonly peers: Peer[] = [];
  /** Nodes on the other side of a partition. */
  cutOff: ReadonlySet<number> = new Set();
  /** Nodes whose messages take very long. */
  readonly slow = new Set<number>();
  isGossipLost = false;
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  areConnected(a: number, b: number): boolean {
    return this.cutOff.has(a) === this.cutOff.has(b);
  }

  /** The nodes that `from` can talk to. */
  othersOf(from: number): readonly number[] {
    return [...this.peers.keys()].filter((other) => other !== from && this.areConnected(from, other));
  }

  send(from: number, to: number, message: Message): void {
    const { troubles } = this.#options;
    if (troubles.loses()) return;
    this.#carry(from, to, message);
    if (troubles.duplicates()) this.#carry(from, to, message);
  }

  broadcast(from: number, message: Message): void {
    for (const to of this.othersOf(from)) this.send(from, to, message);
  }

  /** Everything arrives again. */
  heal(): void {
    this.cutOff = new Set();
    this.slow.clear();
    this.isGossipLost = false;
  }

  #carry(from: number, to: number, message: Message): void {
    const { random, schedule, maxLatencyMs } = this.#options;
    const isSlow = this.slow.has(from) || this.slow.has(to);
    schedule.after(random.between(1, isSlow ? slowLatencyMs : maxLatencyMs), () => {
      if (message.kind === "gossip" && this.isGossipLost) return;
      if (this.areConnected(from, to)) this.peers[to]?.receive(message, from);
    });
  }
}

const slowLatencyMs = 3_000;
