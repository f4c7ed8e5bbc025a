import { accepting, type Chain } from "./accepting.ts";
import type { Peer } from "./network.ts";
import type { World } from "./world.ts";

export interface BootstrapperParts extends Chain {
  readonly node: number;
  readonly world: World;
  readonly die: () => void;
  readonly halt: (error: unknown) => void;
}

/** Fetches what the network has accepted: each block is parsed, verified and accepted, in a row. */
export class Bootstrapper {
  readonly #parts: BootstrapperParts;

  constructor(parts: BootstrapperParts) {
    this.#parts = parts;
  }

  /** Does some of it. Gives whether the node is as far as all that most of the network can be asked for. */
  step(): boolean {
    const { vm, node, world } = this.#parts;
    const { peers } = world.network;
    const others = world.network
      .othersOf(node)
      .flatMap((other) => peers[other] ?? [])
      .filter((peer) => peer.isUp);
    if ((others.length + 1) * 2 <= peers.length) return false;
    const heightOf = (peer: Peer) => Number(peer.lastAccepted?.height ?? 0n);
    const best = others.toSorted((a, b) => heightOf(b) - heightOf(a))[0];
    if (best?.lastAccepted === undefined || best.lastAccepted.height <= vm.lastAccepted.height) return true;
    const missing = this.#fetch(best);
    const batch = missing.slice(0, world.random.between(1, missing.length));
    for (const bytes of batch) if (!this.#accept(bytes)) return false;
    return false;
  }

  /** The blocks between the own head and the peer's, oldest first. */
  #fetch(from: Peer): Uint8Array[] {
    const { vm } = this.#parts;
    const missing: Uint8Array[] = [];
    for (let id = from.lastAccepted?.id; id !== undefined; ) {
      const newest = from.getAncestors(id).map((bytes) => vm.parseBlock(bytes));
      const wanted = newest.filter(({ height }) => height > vm.lastAccepted.height);
      missing.push(...wanted.map(({ bytes }) => bytes));
      id = wanted.length === newest.length ? wanted.at(-1)?.parentId : undefined;
    }
    return missing.reverse();
  }

  /** Gives whether the node goes on. */
  #accept(bytes: Uint8Array): boolean {
    const { vm, world, die, halt } = this.#parts;
    try {
      const block = vm.verifyBlock(bytes);
      for (const _ of accepting(this.#parts, block, [])) {
        if (!world.troubles.kills()) continue;
        die();
        return false;
      }
      world.journal.count("blocks bootstrapped");
      return true;
    } catch (error) {
      halt(error);
      return false;
    }
  }
}
