import { equalBytes, type Id } from "../avalanche/id.ts";
import { type BlockStore, requeueStretch } from "../store/block-store.ts";

/**
 * What the node's own database knows of our file: its instance id and its last accepted block. It is written there
 * after each accept.
 *
 * The node cannot start a chain whose VM is ahead of it (avalanchego v1.14.2, vms/proposervm/vm.go:635). After a power
 * cut, our file can be ahead of the node's database, which is not synced; after a restored backup, either can be ahead.
 * So the chain opens at the lower of both heads.
 */
export interface HeadMarker {
  /** 16 bytes. */
  readonly instanceId: Uint8Array;
  readonly height: bigint;
  readonly id: Id;
}

/** Why blocks are rewound at the start. */
export type RewindReason =
  | "the node's database does not know this chain"
  | "the node's database belongs to another chain data directory"
  | "the node's database has another block at this height"
  | "the node's database is behind";

/** How far our file must be rewound. */
export interface Rewind {
  /** The height of the block that will be the last accepted one. */
  readonly height: bigint;
  readonly reason: RewindReason;
  /** Whether all nodes may have lost the blocks above. If so, their data must be proposed again. */
  readonly isLost: boolean;
}

/** The removed blocks: those above height `to`, up to height `from`. */
export interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
}

/** A stretch of blocks that was rewound when the chain was opened. */
export interface Rewound extends Stretch {
  readonly reason: RewindReason;
}

/**
 * Rewinds a file to a head that the marker knows as well. Data that is proposed again gets the time `now`, in Unix
 * seconds. Yields after each stretch, so that the caller can let other work run.
 */
export function* rewindTo(marker: HeadMarker | undefined, store: BlockStore, now: bigint): Generator<Rewound, void> {
  const { id, height } = store.head(); // reads no block: after a killed take-over, its parent may be missing
  const found = findRewind({ instanceId: store.instanceId, height, id }, marker, (at) => store.getIdAtHeight(at));
  if (found === undefined) return;
  const most = found.isLost ? requeueStretch : rewindStretch;
  for (const stretch of stretchesDown(store, { from: height, to: found.height }, most)) {
    if (found.isLost) store.rewindAndRequeue(stretch.to, now);
    else store.rewind(stretch.to);
    yield { ...stretch, reason: found.reason };
  }
}

/** How far our file, whose head is `stored`, must be rewound, and why; undefined if it can stay as it is. */
function findRewind(
  stored: HeadMarker,
  marker: HeadMarker | undefined,
  getIdAtHeight: (height: bigint) => Id | undefined,
): Rewind | undefined {
  if (stored.height === 0n) return undefined;
  if (marker === undefined) return toGenesis("the node's database does not know this chain");
  if (!equalBytes(marker.instanceId, stored.instanceId)) {
    return toGenesis("the node's database belongs to another chain data directory");
  }
  if (marker.height > stored.height) return undefined; // the node itself goes back to our head
  if (getIdAtHeight(marker.height) !== marker.id) {
    return toGenesis("the node's database has another block at this height");
  }
  if (marker.height === stored.height) return undefined;
  return { height: marker.height, reason: "the node's database is behind", isLost: true };
}

/** Blocks that belong to another database are dropped with their data. */
function toGenesis(reason: RewindReason): Rewind {
  return { height: 0n, reason, isLost: false };
}

/**
 * Cuts a rewind into stretches of at most `most` blocks and `maxRewindBytes`, but of at least one block. Each stretch
 * takes one turn of the thread that answers the node. Rewind each stretch before taking the next one.
 */
export function* stretchesDown(store: BlockStore, { from, to }: Stretch, most: bigint): Generator<Stretch, void> {
  for (let at = from; at > to; ) {
    const next = endOfStretch(store, at, at - to > most ? at - most : to);
    yield { from: at, to: next };
    at = next;
  }
}

/** The height, `lowest` or above it, down to which one stretch can rewind. */
function endOfStretch(store: BlockStore, from: bigint, lowest: bigint): bigint {
  let next = from - 1n;
  for (let bytes = store.bytesAtHeight(from); next > lowest; next--) {
    bytes += store.bytesAtHeight(next);
    if (bytes > maxRewindBytes) break;
  }
  return next;
}

/** The most stored bytes of the blocks that one stretch removes. */
export const maxRewindBytes: number = 8 * 1024 * 1024;

/** The most blocks that one stretch removes: some tens of milliseconds in a file of a million blocks. */
const rewindStretch = 1_000n;
