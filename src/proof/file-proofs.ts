import { digestBytes } from "../core/digest.ts";
import { nonceBytes, saltedBytes } from "../core/salted-digest.ts";
import { type StampedBlock, timestampByBlock } from "./block-attestation.ts";
import { MerkleTree } from "./merkle.ts";
import type { Op } from "./ots/op.ts";
import { leadTo, mergeTimestamps, type OtsFile, type Timestamp } from "./ots/timestamp.ts";

/** A block that carries what was stamped, or that salted with a nonce of 16 bytes. */
export interface Carrier extends StampedBlock {
  readonly nonce?: Uint8Array | undefined;
}

/**
 * The proof of a file with this SHA-256, 32 bytes, by blocks that carry it or the file itself. Throws like
 * `proveMessage`.
 */
export function proveFile(digest: Uint8Array, carriers: readonly Carrier[]): OtsFile {
  return otsOf(digest, proveMessage(digest, carriers));
}

/**
 * What is known of a message of 32 bytes by the blocks that carry it, or data of which it is the SHA-256: at least one.
 * Throws like `attestBlock`; a block that carries neither is a bug.
 */
export function proveMessage(message: Uint8Array, carriers: readonly Carrier[]): Timestamp {
  return mergeTimestamps(
    ...carriers.map(({ nonce, ...stamped }) => {
      const carried = nonce === undefined ? message : saltedBytes(message, nonce);
      const end = timestampByBlock(carried, stamped);
      if (end === undefined) throw new Error(`block ${stamped.block.id} carries something else`);
      return leadTo(end, nonce === undefined ? [] : salting(nonce));
    }),
  );
}

/**
 * Files that are stamped together: one tree, of which only the root goes into a block. A random nonce hides the digest
 * of each file from those who have the proof of another. The same shape as that of the stock client of OpenTimestamps.
 */
export class FileTree {
  readonly #digests: Uint8Array;
  readonly #nonces: Uint8Array;
  readonly #tree: MerkleTree;

  /** Takes digests of 32 bytes and nonces of 16, one behind the other: as many nonces as digests, at least one. */
  constructor(digests: Uint8Array, nonces: Uint8Array) {
    this.#digests = digests;
    this.#nonces = nonces;
    const leaves = new Uint8Array(digests.length);
    for (let i = 0; i * digestBytes < digests.length; i++) {
      leaves.set(saltedBytes(this.#digestAt(i), this.#nonceAt(i)), i * digestBytes);
    }
    this.#tree = new MerkleTree(leaves);
  }

  /** What a block must carry: 32 bytes. */
  get root(): Uint8Array {
    return this.#tree.root;
  }

  /** Gives a function that makes the proof of each file, by its number from 0. Throws like `proveFile`. */
  prover(carriers: readonly Carrier[]): (file: number) => OtsFile {
    const end = proveMessage(this.root, carriers);
    return (file) => otsOf(this.#digestAt(file), leadTo(end, this.opsOf(file)));
  }

  /** The operations that lead from the digest of a file, by its number from 0, to the root. */
  opsOf(file: number): readonly Op[] {
    return [...salting(this.#nonceAt(file)), ...this.#tree.pathOf(file)];
  }

  #digestAt(file: number): Uint8Array {
    return this.#digests.slice(file * digestBytes, (file + 1) * digestBytes);
  }

  #nonceAt(file: number): Uint8Array {
    return this.#nonces.slice(file * nonceBytes, (file + 1) * nonceBytes);
  }
}

function otsOf(digest: Uint8Array, timestamp: Timestamp): OtsFile {
  return { hash: "sha256", digest, timestamp };
}

function salting(nonce: Uint8Array): readonly Op[] {
  return [{ kind: "append", bytes: nonce }, { kind: "sha256" }];
}
