import { equalBytes, type Id } from "../../avalanche/id.ts";
import { type Block, parseBlock } from "../../core/block.ts";
import { expectChainError } from "../../core/errors.ts";
import { parseGenesis } from "../../core/genesis.ts";
import { problemInHistory } from "../../core/history.ts";
import { BlockStore, requeueStretch } from "../../store/block-store.ts";
import { FileError } from "../../store/errors.ts";
import { isReencoded } from "../../store/reencoded.ts";
import { expectNoOtherChain } from "../../vm/open.ts";
import { type HeadMarker, type Stretch, stretchesDown } from "../../vm/rewind.ts";
import { parseRsBlock } from "./stored-block.ts";

/** The chain to take over, and the file that gets it. */
export interface TakeOverOptions {
  readonly file: string;
  readonly genesisBytes: Uint8Array;
  /** The last accepted block of timestampvm-rs. */
  readonly head: Id;
  /** The head marker in the node's database. A file that it does not know is emptied. */
  readonly marker: HeadMarker | undefined;
}

/** Blocks of the file that are rewound because they are not in the chain of timestampvm-rs. */
export interface Parted extends Stretch {
  /** The highest of them. */
  readonly id: Id;
}

/** What an operator should know about a chain that was taken over. */
export type Finding =
  /** A block of the chain whose stored bytes are not those that were received. */
  | { readonly kind: "re-encoded"; readonly id: Id; readonly height: bigint }
  /** A block that is left out of the chain, with all above it. The height is undefined if it is not known. */
  | { readonly kind: "left out"; readonly id: Id; readonly height: bigint | undefined; readonly problem: string };

/**
 * Takes the chain that timestampvm-rs left in the node's database over into our file. It goes down from the head, since
 * a block names only its parent, to genesis or to the last common block of both chains.
 *
 * First, `search` looks for that common block, if the node's database knows our file. Nothing is changed before it is
 * found. Then `part` rewinds our file to it, `add` takes the blocks, and `finish` ends.
 *
 * From `part` on the file has a new instance id, so that an unfinished file is emptied the next time. A block that
 * breaks a rule is left out with all above it. If a block cannot be found, the chain is genesis alone.
 */
export class TakeOver {
  readonly #store: BlockStore;
  readonly #genesis: Block;
  readonly #head: Id;
  /** The last common block of both chains, once it is found. There is no search in an unknown file. */
  #common: Block | undefined;
  #sought: Id | undefined;
  #soughtBelow: bigint | undefined;
  #wanted: Id | undefined;
  /** The block that was added last, which is the lowest so far. */
  #child: Block | undefined;
  /** Blocks that were added but are not yet in the file. */
  #stretch: Block[] = [];
  #stretchBytes = 0;

  /** Throws "malformed genesis", "database in use" or "database failed", and does not hold the file then. */
  static open({ file, genesisBytes, head, marker }: TakeOverOptions): TakeOver {
    const genesis = parseGenesis(genesisBytes);
    const store = BlockStore.open(file);
    try {
      expectNoOtherChain(store, genesis);
      store.setDurability("normal");
      return new TakeOver(store, genesis, head, marker);
    } catch (error) {
      store.close();
      throw error;
    }
  }

  private constructor(store: BlockStore, genesis: Block, head: Id, marker: HeadMarker | undefined) {
    this.#store = store;
    this.#genesis = genesis;
    this.#head = head;
    const isKnown = marker !== undefined && equalBytes(marker.instanceId, store.instanceId);
    if (isKnown && (store.lastHeight() ?? 0n) > 0n) this.#seek(head); // genesis alone is nothing to keep
  }

  /** Whether our chain has the last accepted block of timestampvm-rs. */
  get hasHead(): boolean {
    return this.#common?.id === this.#head;
  }

  /** The block to `search` next; undefined when the search is over. */
  get sought(): Id | undefined {
    return this.#sought;
  }

  /**
   * Takes what is stored as block `id`, the next one of the search; undefined for nothing. Throws "database failed"
   * when the block below cannot be learnt from it: then nobody knows how much of our file is in that chain, and nothing
   * is rewound.
   */
  search(id: Id, value: Uint8Array | undefined): void {
    const stored = readBlock(value);
    if (typeof stored === "string") throw this.#cannotFollow(id, stored);
    const problem = this.#findProblem(id, stored, this.#soughtBelow);
    if (problem !== undefined) throw this.#cannotFollow(id, problem);
    this.#soughtBelow = stored.height;
    this.#seek(stored.parentId);
  }

  #seek(id: Id): void {
    this.#common = this.#store.getBlock(id);
    this.#sought = this.#common === undefined ? id : undefined;
  }

  /**
   * Rewinds the file to the last common block. The data of removed blocks waits again, since `now` (Unix seconds),
   * unless the node's database does not know the file. Yields each stretch before it is rewound.
   */
  *part(now: bigint): Generator<Parted, void> {
    const kept = this.#common?.height;
    const last = kept === undefined ? undefined : this.#store.lastHeight();
    for (const { from, to } of stretchesDown(this.#store, { from: last ?? 0n, to: kept ?? 0n }, requeueStretch)) {
      yield { from, to, id: this.#store.expectBlockAtHeight(from).id };
      this.#store.rewindAndRequeue(to, now);
    }
    this.#store.rewindWithNewId(kept);
    this.#wanted = this.hasHead ? undefined : this.#head;
  }

  /** The block to `add` next, after `part`; undefined when the chain is whole. */
  get wanted(): Id | undefined {
    return this.#wanted;
  }

  /** The height of the block that was added last. */
  get height(): bigint | undefined {
    return this.#child?.height;
  }

  /** Takes what is stored as block `id`, the wanted one; undefined for nothing. */
  add(id: Id, value: Uint8Array | undefined): Finding[] {
    const stored = readBlock(value);
    if (typeof stored === "string") return [this.#leaveOutAll(id, undefined, stored)];
    const problem = this.#findProblem(id, stored, this.#child?.height);
    if (problem !== undefined) return [this.#leaveOutAll(id, stored.height, problem)];
    const block = { ...stored, id };
    const findings = this.#checkChildOf(block);
    this.#child = block;
    this.#wanted = stored.height === 0n ? undefined : stored.parentId;
    if (stored.id === id) this.#push(stored);
    else {
      this.#store.acceptReencoded(id, stored);
      findings.push({ kind: "re-encoded", id, height: stored.height });
    }
    if (this.#common === undefined || this.#wanted !== this.#common.id) return findings;
    this.#wanted = undefined;
    return [...findings, ...this.#checkChildOf(this.#common)];
  }

  /** Makes the blocks searchable. Yields after each step of some milliseconds. */
  *index(): Generator<void, void> {
    this.#flush();
    yield* this.#store.indexDigests();
  }

  /** Syncs everything to the disk, and ends. Gives the head marker that the node's database must get. */
  finish(): HeadMarker {
    this.#flush();
    this.#store.checkpoint();
    const { id, height } = this.#store.lastAccepted();
    return { instanceId: this.#store.instanceId, height, id };
  }

  /** Releases the file. Nothing else may be called after this. */
  close(): void {
    this.#store.close();
  }

  /** Why `stored`, whose child has height `below`, cannot be block `id`; undefined when it can. */
  #findProblem(id: Id, stored: Block, below: bigint | undefined): string | undefined {
    const { height } = stored;
    const isGenesis = id === this.#genesis.id && stored.id === id;
    if (height === 0n && !isGenesis) return `it is not this chain's genesis ${this.#genesis.id}`;
    if (below !== undefined && height >= below) return "its height is not below that of its child";
    if (!isStoredAs(id, stored)) return "it is damaged";
    return undefined;
  }

  #cannotFollow(id: Id, problem: string): FileError {
    return new FileError({
      code: "database failed",
      file: this.#store.file,
      problem:
        `timestampvm-rs went on to block ${this.#head}, but its chain cannot be followed down to this one: ` +
        `block ${id}: ${problem}`,
      cure:
        "stop the node and put a sound copy of its database back; or move the chain data directory away: " +
        "the chain is fetched again from its peers, and begins anew where it has none",
    });
  }

  #checkChildOf(parent: Block): Finding[] {
    const child = this.#child;
    if (child === undefined) return [];
    const problem = problemInHistory(child, parent);
    return problem === undefined ? [] : [this.#leaveOut(child.id, child.height, `it ${problem}`)];
  }

  #push(block: Block): void {
    this.#stretch.push(block);
    this.#stretchBytes += block.bytes.length;
    if (this.#stretch.length >= maxStretchBlocks || this.#stretchBytes >= maxStretchBytes) this.#flush();
  }

  #flush(): void {
    this.#store.acceptAll(this.#stretch);
    this.#stretch = [];
    this.#stretchBytes = 0;
  }

  #leaveOut(id: Id, height: bigint | undefined, problem: string): Finding {
    this.#store.rewindWithNewId(this.#common?.height);
    this.#stretch = [];
    this.#stretchBytes = 0;
    return { kind: "left out", id, height, problem };
  }

  #leaveOutAll(id: Id, height: bigint | undefined, problem: string): Finding {
    const finding = this.#leaveOut(id, height, problem);
    if (this.#common === undefined) this.#push(this.#genesis);
    this.#wanted = undefined;
    return finding;
  }
}

/** Gives the stored block, with the hash of its bytes as id; or what is wrong with it, as text. */
function readBlock(value: Uint8Array | undefined): Block | string {
  if (value === undefined) return "it is missing";
  try {
    return parseBlock(parseRsBlock(value));
  } catch (error) {
    return expectChainError(error).message;
  }
}

function isStoredAs(id: Id, stored: Block): boolean {
  return stored.id === id || isReencoded(id, stored);
}

/** At most so many blocks are in one transaction, which takes some tens of milliseconds. */
const maxStretchBlocks = 500;
/** Bytes of these blocks. */
const maxStretchBytes = 8 * 1024 * 1024;
