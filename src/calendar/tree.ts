import { randomBytes } from "node:crypto";
import { digestBytes } from "../core/digest.ts";
import { nonceBytes } from "../core/salted-digest.ts";
import { type Carrier, FileTree, proveMessage } from "../proof/file-proofs.ts";
import { joinBytes } from "../proof/ots/bytes.ts";
import { mergeTimestamps, type Timestamp } from "../proof/ots/timestamp.ts";
import { opsToBytes, timestampToBytes } from "../proof/ots/write.ts";
import { pendingAt } from "./commitment.ts";

/** A digest, 32 bytes, and who waits for what is known of it. */
export interface Waiting {
  readonly digest: Uint8Array;
  readonly answer: (timestamp: Uint8Array) => void;
  readonly refuse: (error: Error) => void;
}

/** Digests that are stamped together. Each gets a nonce of its own, so that no answer shows the digest of another. */
export class DigestTree {
  readonly #waiting: readonly Waiting[];
  readonly #tree: FileTree;

  /** Takes at least one. */
  constructor(waiting: readonly Waiting[]) {
    const digests = new Uint8Array(waiting.length * digestBytes);
    for (const [i, { digest }] of waiting.entries()) digests.set(digest, i * digestBytes);
    this.#waiting = waiting;
    this.#tree = new FileTree(digests, randomBytes(waiting.length * nonceBytes));
  }

  /** 32 bytes. */
  get root(): Uint8Array {
    return this.#tree.root;
  }

  /** Answers all by the blocks that carry the root, and by a calendar that can be asked later. One of both is there. */
  answer(carriers: readonly Carrier[], uri: string | undefined): void {
    const known: Timestamp[] = uri === undefined ? [] : [pendingAt(uri)];
    if (carriers.length > 0) known.push(proveMessage(this.root, carriers));
    const end = timestampToBytes(mergeTimestamps(...known));
    for (const [i, { answer }] of this.#waiting.entries()) answer(joinBytes(opsToBytes(this.#tree.opsOf(i)), end));
  }
}
