import type { Block } from "../../src/core/block.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";

/** The outcome of all voting: one winner per height, among the blocks that most nodes hold. */
export class Consensus {
  readonly #network: Network;
  readonly #random: Random;
  readonly #hurryRate: number;
  /** Height 1 first. */
  readonly #winners: Block[] = [];
  readonly #blocks: Block[] = [];

  constructor(network: Network, random: Random, hurryRate: number) {
    this.#network = network;
    this.#random = random;
    this.#hurryRate = hurryRate;
  }

  /** How high the network has decided. */
  get height(): number {
    return this.#winners.length;
  }

  /** All blocks that were ever built, decided or not. */
  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  /** To be called for each new block. */
  add(block: Block): void {
    this.#blocks.push(block);
  }

  /** Height 1 first. */
  get winners(): readonly Block[] {
    return this.#winners;
  }

  /** The winner among a node's candidates for the next height; undefined while that is open, or is none of them. */
  decide(height: bigint, candidates: readonly Block[]): Block | undefined {
    const known = this.#winners[Number(height) - 1];
    if (known !== undefined) return candidates.find(({ id }) => id === known.id);
    const winner = this.#random.pick(candidates.filter((block) => this.#isHeldByMost(block)));
    if (winner === undefined || !this.#random.chance(this.#hurryRate)) return undefined;
    this.#winners.push(winner);
    return winner;
  }

  /**
   * A decision that no node remembers is open again: after a power cut everywhere, the network is what is left of it.
   * Gives what was decided so.
   */
  forgetLost(): Block[] {
    const { peers } = this.#network;
    if (!peers.every((peer) => peer.isUp)) return [];
    const highest = peers.reduce((height, { lastAccepted }) => Math.max(height, Number(lastAccepted?.height ?? 0n)), 0);
    const lost = this.#winners.findIndex(({ id }, i) => i >= highest && !peers.some((peer) => peer.has(id)));
    return lost >= 0 ? this.#winners.splice(lost) : [];
  }

  #isHeldByMost({ id }: Block): boolean {
    const { peers } = this.#network;
    return peers.filter((peer) => peer.isUp && peer.has(id)).length * 2 > peers.length;
  }
}
