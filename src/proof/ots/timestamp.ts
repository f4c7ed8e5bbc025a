import { type Attestation, compareAttestations } from "./attestation.ts";
import { compareOps, type HashKind, type Op } from "./op.ts";

/** A proof in the format of OpenTimestamps: of a file's digest, by the hash that made it. */
export interface OtsFile {
  readonly hash: HashKind;
  /** 20 or 32 bytes. */
  readonly digest: Uint8Array;
  readonly timestamp: Timestamp;
}

/**
 * What is known of a message: attestations of it, and what follows from it. Neither list has anything twice, and both
 * have the order of the stock client, so that the same timestamp has the same bytes. Not both are empty. Made by
 * `createTimestamp` alone.
 */
export interface Timestamp {
  readonly attestations: readonly Attestation[];
  readonly branches: readonly Branch[];
}

/** An operation on a message, and what is known of its result. */
export interface Branch {
  readonly op: Op;
  readonly result: Timestamp;
}

/** Takes the parts in any order. Branches by the same operation become one, and none of what they have is lost. */
export function createTimestamp(attestations: readonly Attestation[], branches: readonly Branch[]): Timestamp {
  return {
    attestations: unique(attestations, compareAttestations, ([first]) => first),
    branches: unique(branches, byOp, (same) => (same.length === 1 ? same[0] : join(same))),
  };
}

/** What is known of one message, from several sources. */
export function mergeTimestamps(...timestamps: readonly Timestamp[]): Timestamp {
  return createTimestamp(
    timestamps.flatMap(({ attestations }) => attestations),
    timestamps.flatMap(({ branches }) => branches),
  );
}

/** What is known of a message from which these operations, one after the other, lead to a message with `end`. */
export function leadTo(end: Timestamp, ops: readonly Op[]): Timestamp {
  return ops.reduceRight((result, op) => ({ attestations: [], branches: [{ op, result }] }), end);
}

function byOp(a: Branch, b: Branch): number {
  return compareOps(a.op, b.op);
}

function join(same: readonly [Branch, ...Branch[]]): Branch {
  return { op: same[0].op, result: mergeTimestamps(...same.map(({ result }) => result)) };
}

/** Sorts, and makes one of those that are the same. */
function unique<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  makeOne: (same: readonly [T, ...T[]]) => T,
): readonly T[] {
  if (items.length < 2) return items;
  const groups: [T, ...T[]][] = [];
  for (const item of items.toSorted(compare)) {
    const last = groups.at(-1);
    if (last !== undefined && compare(last[0], item) === 0) last.push(item);
    else groups.push([item]);
  }
  return groups.map(makeOne);
}
