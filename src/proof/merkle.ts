import { sha256 } from "../avalanche/sha256.ts";
import type { Op } from "./ots/op.ts";

/** Bytes of a leaf, of a node and of the root. */
const nodeBytes = 32;

/**
 * A tree of digests in the shape of OpenTimestamps (python-opentimestamps 0.4.5, make_merkle_tree in
 * core/timestamp.py): on each level, neighbours are hashed together, and an odd last one goes up as it is. Holds 64
 * bytes for each leaf. A path shows that the root could not have been made without the leaf. It does not show that the
 * leaf was handed in as one, nor how many there are.
 */
export class MerkleTree {
  /** From the leaves to the root. Each has its nodes one behind the other. */
  readonly #levels: readonly Uint8Array[];

  /** Takes the leaves, 32 bytes each, one behind the other: at least one. */
  constructor(leaves: Uint8Array) {
    const levels = [leaves];
    for (let level = leaves; level.length > nodeBytes; levels.push(level)) level = levelAbove(level);
    this.#levels = levels;
  }

  /** 32 bytes. */
  get root(): Uint8Array {
    return this.#levels.at(-1) ?? new Uint8Array();
  }

  /** The operations that lead from the leaf with this number, from 0, to the root. */
  pathOf(leaf: number): readonly Op[] {
    const ops: Op[] = [];
    let at = leaf;
    for (const level of this.#levels) {
      const isLeft = at % 2 === 0;
      const sibling = nodeAt(level, isLeft ? at + 1 : at - 1);
      if (sibling.length > 0) ops.push({ kind: isLeft ? "append" : "prepend", bytes: sibling }, { kind: "sha256" });
      at = Math.floor(at / 2);
    }
    return ops;
  }
}

function levelAbove(level: Uint8Array): Uint8Array {
  const pairBytes = 2 * nodeBytes;
  const above = new Uint8Array(Math.ceil(level.length / pairBytes) * nodeBytes);
  for (let from = 0, to = 0; from < level.length; from += pairBytes, to += nodeBytes) {
    const pair = level.subarray(from, from + pairBytes);
    above.set(pair.length === pairBytes ? sha256(pair) : pair, to);
  }
  return above;
}

/** Empty where there is none. */
function nodeAt(level: Uint8Array, at: number): Uint8Array {
  return at < 0 ? new Uint8Array() : level.subarray(at * nodeBytes, (at + 1) * nodeBytes);
}
