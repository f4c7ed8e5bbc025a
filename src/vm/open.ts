import type { Block } from "../core/block.ts";
import { parseGenesis } from "../core/genesis.ts";
import type { BlockReader } from "../store/block-reader.ts";
import { BlockStore } from "../store/block-store.ts";
import { FileError } from "../store/errors.ts";
import { runSteps } from "../store/run-steps.ts";
import { timeOfRow } from "./clock.ts";
import type { VmOptions } from "./options.ts";
import { type HeadMarker, type Rewound, rewindTo } from "./rewind.ts";
import { Vm } from "./vm.ts";

export interface OpenOptions extends VmOptions {
  /** The database file; ":memory:" is kept in memory only. */
  readonly file: string;
  readonly genesisBytes: Uint8Array;
  /** The head marker in the node's database, if there is one. */
  readonly marker: HeadMarker | undefined;
}

/**
 * Opens the stored chain, or a new one from its genesis, at a head that the node's database knows as well. Yields after
 * each rewound stretch, and undefined after each step of other work, so that other calls can run meanwhile. Throws
 * "malformed genesis", "database in use" or "database failed", and then releases the file.
 */
export function openVm({ marker, ...options }: OpenOptions): Generator<Rewound | undefined, Vm> {
  return openAt(options, (store) => rewindTo(marker, store, timeOfRow(options.clock)));
}

/** Opens a chain without a node, at the head of its file. */
export function openVmAlone(options: Omit<OpenOptions, "marker">): Vm {
  return runSteps(openAt(options, function* () {}));
}

function* openAt(
  { file, genesisBytes, ...options }: Omit<OpenOptions, "marker">,
  settle: (store: BlockStore) => Generator<Rewound, void>,
): Generator<Rewound | undefined, Vm> {
  const genesis = parseGenesis(genesisBytes);
  const store = BlockStore.open(file);
  try {
    startFrom(store, genesis);
    yield* settle(store);
    checkNewest(store);
    if (store.needsIndexing) for (const _ of store.indexDigests()) yield undefined;
    if (options.disk !== undefined) store.syncBy(options.disk, options.clock);
    return new Vm(store, options);
  } catch (error) {
    store.close();
    throw error;
  }
}

function startFrom(store: BlockStore, genesis: Block): void {
  expectNoOtherChain(store, genesis);
  // Without genesis, the file is new, or a killed take-over left blocks in it.
  if (store.getIdAtHeight(0n) === undefined) store.acceptAll([genesis]);
}

/** Throws "database failed" for the file of another chain, so that it is not lost. */
export function expectNoOtherChain(reader: BlockReader, genesis: Block): void {
  const stored = reader.getIdAtHeight(0n);
  if (stored === undefined || stored === genesis.id) return;
  throw new FileError({
    code: "database failed",
    file: reader.file,
    problem: `it holds the chain that starts with block ${stored}, not this chain's genesis ${genesis.id}`,
    cure: "give each chain a chain data directory of its own",
  });
}

/** Checks the newest blocks and their links, since damage is most likely where the file was written last. */
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

const maxCheckedBlocks = 100;
const maxCheckedBytes = 64 * 1024 * 1024;
