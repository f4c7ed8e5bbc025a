import { sha256 } from "../avalanche/sha256.ts";
import { digestBytes } from "../core/digest.ts";
import { nonceBytes } from "../core/salted-digest.ts";
import { type StampedBlock, timestampByBlock } from "./block-attestation.ts";
import { MerkleTree } from "./merkle.ts";
import type { Op } from "./ots/op.ts";
import { leadTo, type OtsFile, type Timestamp } from "./ots/timestamp.ts";

/**
 * The proof of a file by a block that carries its SHA-256, 32 bytes, or the file itself; with a nonce, by one that
 * carries the salted SHA-256. Undefined if the block carries neither. Throws like `attestBlock`.
 */
export function proveFile(digest: Uint8Array, stamped: StampedBlock, nonce?: Uint8Array): OtsFile | undefined {
  const ops = nonce === undefined ? [] : salting(nonce);
  const end = timestampByBlock(nonce === undefined ? digest : saltedLeaf(digest, nonce), stamped);
  return end && otsOf(digest, leadTo(end, ops));
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
      leaves.set(saltedLeaf(this.#digestAt(i), this.#nonceAt(i)), i * digestBytes);
    }
    this.#tree = new MerkleTree(leaves);
  }

  /** What a block must carry: 32 bytes. */
  get root(): Uint8Array {
    return this.#tree.root;
  }

  /** Gives a function that makes the proof of each file, by its number from 0. Throws like `attestBlock`. */
  prover(stamped: StampedBlock): (file: number) => OtsFile {
    const end = timestampByBlock(this.root, stamped);
    if (end === undefined) throw new Error(`block ${stamped.block.id} does not carry the root of this tree`);
    return (file) => {
      const ops = [...salting(this.#nonceAt(file)), ...this.#tree.pathOf(file)];
      return otsOf(this.#digestAt(file), leadTo(end, ops));
    };
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

/** What `saltedDigest` gives, as bytes. */
function saltedLeaf(digest: Uint8Array, nonce: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(...digest, ...nonce));
}
