import type { Attestation } from "./attestation.ts";
import { applyOp, type Op } from "./op.ts";
import { createTimestamp, type OtsFile, type Timestamp } from "./timestamp.ts";

/** A message of a proof. */
export interface Message {
  readonly bytes: Uint8Array;
  /** Operations from the file's digest to it, in their number. */
  readonly depth: number;
  /** What gave it; undefined for the file's digest. */
  readonly op: Op | undefined;
  /**
   * The first of the operations that made it, the file's own hash included, by which other bytes might lead to the same
   * message, or which this program does not take for a block: all but append, prepend and SHA-256. Mostly undefined.
   */
  readonly doubtful: Op["kind"] | undefined;
  readonly timestamp: Timestamp;
}

/** Computes all messages of a proof: the file's digest first, each before those that follow from it. */
export function* messagesOf({ hash, digest, timestamp }: OtsFile): Generator<Message, void> {
  const left: Message[] = [
    { bytes: digest, depth: 0, op: undefined, doubtful: isSound(hash) ? undefined : hash, timestamp },
  ];
  for (let message = left.pop(); message !== undefined; message = left.pop()) {
    yield message;
    for (const { op, result } of message.timestamp.branches.toReversed()) left.push(next(message, op, result));
  }
}

function next({ bytes, depth, doubtful }: Message, op: Op, timestamp: Timestamp): Message {
  return {
    bytes: applyOp(op, bytes),
    depth: depth + 1,
    op,
    doubtful: doubtful ?? (isSound(op.kind) ? undefined : op.kind),
    timestamp,
  };
}

function isSound(kind: Op["kind"]): boolean {
  return kind === "append" || kind === "prepend" || kind === "sha256";
}

/**
 * Replaces what is known of each message of a proof, from the ends to the file's digest: `change` gets it with what
 * follows from it already changed, and gives undefined where nothing is left. Undefined if nothing at all is.
 */
export function changeOts(
  file: OtsFile,
  change: (message: Uint8Array, timestamp: Timestamp) => Timestamp | undefined,
): OtsFile | undefined {
  // Calls itself once for each operation in a row, of which there are at most `maxOps`.
  const changeFrom = (message: Uint8Array, { attestations, branches }: Timestamp): Timestamp | undefined => {
    const changed = branches.flatMap(({ op, result }) => {
      const left = changeFrom(applyOp(op, message), result);
      return left === undefined ? [] : [{ op, result: left }];
    });
    return change(message, createTimestamp(attestations, changed));
  };
  const timestamp = changeFrom(file.digest, file.timestamp);
  return timestamp && { ...file, timestamp };
}

/** The proof without the attestations that `isKept` refuses, and what led only to these. Undefined if none is left. */
export function keepAttestations(file: OtsFile, isKept: (attestation: Attestation, message: Uint8Array) => boolean) {
  return changeOts(file, (message, { attestations, branches }) => {
    const kept = attestations.filter((attestation) => isKept(attestation, message));
    return kept.length + branches.length === 0 ? undefined : createTimestamp(kept, branches);
  });
}
