import type { StoredAttestation } from "./attestation-table.ts";
import type { BlockReader, RejectedBlock } from "./block-reader.ts";
import type { BlockStore } from "./block-store.ts";
import { maxSqlInteger } from "./columns.ts";

/** The most that one step copies, except that one block may exceed it: some ten milliseconds of work. */
export const maxSliceRows = 250;
export const maxSliceBytes = 512 * 1024;

/** How many blocks are copied so far, and how many there are. */
export interface CopyProgress {
  readonly blocks: bigint;
  readonly total: bigint;
}

/**
 * Copies a chain into an empty file: its blocks, which it verifies, and all else in the file, but nothing that was
 * decided above height `upTo`. Yields after each slice, without an open read, so that the chain may go on. Throws
 * "database failed" about a damaged block.
 */
export function* copyChain(from: BlockReader, to: BlockStore, upTo = maxSqlInteger): Generator<CopyProgress, void> {
  let progress: CopyProgress = { blocks: 0n, total: headOf(from, upTo) + 1n };
  for (const step of copyParts(from, to, upTo)) {
    progress = step ?? progress;
    yield progress;
  }
}

/**
 * Every proposal that waits when the copying starts is in the copy, waiting or in a block: blocks accepted meanwhile
 * are copied after the proposals, and remove what they carry, as they did in the chain. Trees are copied after all
 * blocks, so that every copied block with the root of a tree has its tree.
 */
function* copyParts(from: BlockReader, to: BlockStore, upTo: bigint): Generator<CopyProgress | undefined, void> {
  const head = headOf(from, upTo);
  yield* copyBlocks(from, to, 0n, head);
  yield* copyRejected(from, to, upTo);
  yield* copySlices(from.proposals.readAll(), ({ bytes }) => bytes, to.proposals);
  const newHead = headOf(from, upTo);
  yield* copyBlocks(from, to, head + 1n, newHead);
  yield* copySlices(from.trees.readAll(), ({ leaves }) => leaves.length, to.trees);
  yield* copySlices(attestationsUpTo(from, newHead), ({ signatures }) => signatures.length, to.attestations);
  for (const _ of to.indexDigests()) yield undefined;
}

/** The height of the last block to copy; -1 in a file without blocks. */
function headOf(from: BlockReader, upTo: bigint): bigint {
  const last = from.lastHeight() ?? -1n;
  return last < upTo ? last : upTo;
}

function* copyBlocks(from: BlockReader, to: BlockStore, first: bigint, last: bigint): Generator<CopyProgress, void> {
  let blocks = first;
  for (const slice of slicesOf(from.records(first, last), ({ block }) => block.bytes.length)) {
    to.addRecords(slice);
    blocks += BigInt(slice.length);
    yield { blocks, total: last + 1n };
  }
}

function* copyRejected(from: BlockReader, to: BlockStore, upTo: bigint): Generator<undefined, void> {
  let after: RejectedBlock | undefined;
  do {
    const slice = from.getRejected(after, maxSliceRows);
    to.rejectAll(slice.filter(({ height }) => height <= upTo));
    after = slice.at(-1);
    yield undefined;
  } while (after !== undefined && after.height <= upTo);
}

function* attestationsUpTo(from: BlockReader, height: bigint): Generator<StoredAttestation, void> {
  for (const attestation of from.attestations.readAll()) if (attestation.height <= height) yield attestation;
}

function* copySlices<T>(
  items: Iterable<T>,
  bytesOf: (item: T) => number,
  to: { readonly add: (items: readonly T[]) => void },
): Generator<undefined, void> {
  for (const slice of slicesOf(items, bytesOf)) {
    to.add(slice);
    yield undefined;
  }
}

/** Groups items into slices that one step may copy. */
function* slicesOf<T>(items: Iterable<T>, bytesOf: (item: T) => number): Generator<readonly T[], void> {
  let slice: T[] = [];
  let bytes = 0;
  for (const item of items) {
    slice.push(item);
    bytes += bytesOf(item);
    if (slice.length < maxSliceRows && bytes < maxSliceBytes) continue;
    yield slice;
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0) yield slice;
}
