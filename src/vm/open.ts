import type { Block } from "../core/block.ts";
import { digestOf } from "../core/digest.ts";
import { parseGenesis } from "../core/genesis.ts";
import { BlockStore, requeueStretch } from "../store/block-store.ts";
import { FileError } from "../store/errors.ts";
import { timeOfRow } from "./clock.ts";
import type { MempoolOptions } from "./mempool/mempool.ts";
import { findRewind, type HeadMarker, type RewindReason } from "./rewind.ts";
import { Vm } from "./vm.ts";

export interface OpenOptions extends MempoolOptions {
  /** The database file; ":memory:" keeps nothing. */
  readonly file: string;
  readonly genesisBytes: Uint8Array;
  /** What the node's database says of our file. */
  readonly marker: HeadMarker | undefined;
}

/** A stretch of blocks that opening took off the chain, because the node's database does not know them. */
export interface Rewound {
  readonly from: bigint;
  readonly to: bigint;
  readonly reason: RewindReason;
}

/**
 * Opens a chain: makes it from its genesis or takes up the stored one, at a head that the node's database knows as
 * well. Yields after each stretch of rewinding, so that a caller can let other work run. Throws "malformed genesis",
 * "database in use" or "database failed"; the file is free again then.
 */
export function openVm({ marker, ...options }: OpenOptions): Generator<Rewound, Vm> {
  return openAt(options, (store) => rewindTo(store, marker, timeOfRow(options.clock)));
}

/** The same without a node, whose database could know less: at the head that the file has. */
export function openVmAlone(options: Omit<OpenOptions, "marker">): Vm {
  const opening = openAt(options, function* () {});
  for (;;) {
    const step = opening.next();
    if (step.done) return step.value;
  }
}

function* openAt(
  { file, genesisBytes, ...options }: Omit<OpenOptions, "marker">,
  settle: (store: BlockStore) => Generator<Rewound, void>,
): Generator<Rewound, Vm> {
  const genesis = parseGenesis(genesisBytes);
  const store = BlockStore.open(file);
  try {
    startFrom(store, genesis);
    yield* settle(store);
    checkNewest(store);
    return new Vm(store, options);
  } catch (error) {
    store.close();
    throw error;
  }
}

function startFrom(store: BlockStore, genesis: Block): void {
  expectNoOtherChain(store, genesis);
  if (store.getIdAtHeight(0n) === undefined) store.accept(genesis, digestOf(genesis.data));
}

/** Throws "database failed" for the file of another chain, which nobody wants to lose. */
export function expectNoOtherChain(store: BlockStore, genesis: Block): void {
  const stored = store.getIdAtHeight(0n);
  if (stored === undefined || stored === genesis.id) return;
  throw new FileError({
    code: "database failed",
    file: store.file,
    problem: `it holds the chain that starts with block ${stored}, not this chain's genesis ${genesis.id}`,
    cure: "give each chain a chain data directory of its own",
  });
}

function* rewindTo(store: BlockStore, marker: HeadMarker | undefined, now: bigint): Generator<Rewound, void> {
  const { id, height } = store.lastAccepted();
  const found = findRewind({ instanceId: store.instanceId, height, id }, marker, (at) => store.getIdAtHeight(at));
  if (found === undefined) return;
  for (const stretch of stretchesDown(height, found.height, found.isLost ? requeueStretch : rewindStretch)) {
    if (found.isLost) store.rewindAndRequeue(stretch.to, now);
    else store.rewind(stretch.to);
    yield { ...stretch, reason: found.reason };
  }
}

/** The heights between which to take blocks off, from one height down to another, at most `most` blocks at a time. */
export function* stretchesDown(from: bigint, to: bigint, most: bigint): Generator<{ from: bigint; to: bigint }, void> {
  for (let at = from; at > to; ) {
    const next = at - to > most ? at - most : to;
    yield { from: at, to: next };
    at = next;
  }
}

/** A file that was damaged while it lay there was damaged most likely where it was written last. */
function checkNewest(store: BlockStore): void {
  let block = store.lastAccepted();
  let bytes = 0;
  for (let i = 0; i < maxCheckedBlocks && bytes < maxCheckedBytes && block.height > 0n; i++) {
    bytes += block.bytes.length;
    if (store.getIdAtHeight(block.height) !== block.id) throw store.damaged(`block ${block.id} has a wrong height`);
    const parent = store.getBlock(block.parentId);
    if (parent === undefined) throw store.damaged(`the parent of block ${block.id} is missing`);
    block = parent;
  }
}

/** Blocks; some tens of milliseconds, some hundreds in a file of a million blocks. */
const rewindStretch = 5_000n;
const maxCheckedBlocks = 100;
const maxCheckedBytes = 64 * 1024 * 1024;
