import type { Database } from "bun:sqlite";
import { type Id, idToBytes } from "../../avalanche/id.ts";
import { type Block, parseBlock } from "../../core/block.ts";
import { blockKey } from "../../core/block-key.ts";
import { digestOf, digestToBytes } from "../../core/digest.ts";
import { problemInHistory } from "../../core/history.ts";
import { isReencoded, reencodedName } from "../block-store.ts";
import { readMeta } from "./meta.ts";
import { attempt, idInKey, isBytes, type Tell, walk } from "./rows.ts";

interface Row {
  readonly key: Uint8Array;
  readonly timestamp: bigint;
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
}

/** A block that was read; without its content when that is damaged. */
interface Below {
  readonly height: bigint;
  readonly id: Id | undefined;
  readonly block: Block | undefined;
}

/** Reads the accepted blocks from the first up, and keeps only the newest that was read. */
export class AcceptedCheck {
  readonly #db: Database;
  readonly #onProblem: Tell;
  #isSound = true;
  #count = 0;
  #reencoded = 0;
  #genesis: Id | undefined;
  #below: Below | undefined;
  #soundHeight: bigint | undefined;
  readonly #tell: Tell = (problem) => {
    this.#isSound = false;
    this.#onProblem(problem);
  };

  constructor(db: Database, onProblem: Tell) {
    this.#db = db;
    this.#onProblem = onProblem;
  }

  /** `onProgress` is called after each block, with how many were read and how many there seem to be. */
  run(onProgress: (read: number, total: number) => void) {
    const total = attempt("the newest height", this.#tell, () => this.#countHeights()) ?? 0;
    for (const { at, row } of walk<Row>(this.#db, acceptedRows, this.#tell)) {
      this.#check(at, row);
      onProgress(++this.#count, total);
    }
    return {
      accepted: this.#count,
      reencoded: this.#reencoded,
      genesis: this.#genesis,
      lastAccepted: this.#below && { id: this.#below.id, height: this.#below.height },
      soundHeight: this.#soundHeight,
    };
  }

  #countHeights(): number {
    const row = this.#db.query<{ count: bigint }, []>("SELECT max(height) + 1 AS count FROM blocks WHERE status = 3");
    return Number(row.get()?.count ?? 0n);
  }

  #check(height: bigint, row: Row | undefined): void {
    const next = this.#below === undefined ? 0n : this.#below.height + 1n;
    if (height !== next) this.#tell(`no block is accepted at ${rangeOf(next, height - 1n)}`);
    const block = row && this.#checkRow(height, row);
    if (block !== undefined && height === next) this.#checkLink(height, block);
    const id = row && idInKey(row.key);
    if (height === 0n) this.#genesis = id;
    this.#below = { height, id, block };
    if (this.#isSound) this.#soundHeight = height;
  }

  /** Gives the block when its bytes are those of its key, or what timestampvm-rs left of them. */
  #checkRow(at: bigint, { key, timestamp, digest, bytes }: Row): Block | undefined {
    const block = this.#parse(key, bytes);
    if (block === undefined) {
      this.#tell(
        `block ${idInKey(key) ?? "of a damaged id"} at height ${at} is damaged: its bytes are not those of its id`,
      );
      return undefined;
    }
    const stands = `block ${block.id} stands at height ${at}`;
    if (block.height !== at) this.#tell(`${stands}, and has height ${block.height}`);
    if (block.timestamp !== timestamp) this.#tell(`${stands} with timestamp ${timestamp}, and has ${block.timestamp}`);
    if (!isBytes(digest, digestToBytes(digestOf(block.data)))) this.#tell(`${stands} with the digest of other data`);
    return block;
  }

  #parse(key: unknown, bytes: unknown): Block | undefined {
    const stored = tryToParse(bytes);
    const id = idInKey(key);
    if (stored === undefined || id === undefined || !isBytes(key, blockKey(id))) return undefined;
    if (stored.id === id) return stored;
    const known = attempt(`what is stored of block ${id}`, this.#tell, () => readMeta(this.#db, reencodedName(id)));
    if (!isReencoded(id, stored) || !isBytes(known, idToBytes(stored.id))) return undefined;
    this.#reencoded++;
    return { ...stored, id };
  }

  #checkLink(height: bigint, block: Block): void {
    const below = this.#below;
    let problem: string | undefined;
    if (below === undefined) problem = problemInHistory(block, undefined);
    // That a block has another height than it stands at was told: here it is about what follows what.
    else if (below.block) problem = problemInHistory({ ...block, height }, { ...below.block, height: below.height });
    else if (below.id !== undefined && below.id !== block.parentId)
      problem = `has parent ${block.parentId}, not ${below.id}`;
    if (problem !== undefined) this.#tell(`block ${block.id} at height ${height} ${problem}`);
  }
}

const acceptedRows = {
  what: "the block at height",
  readNext: "SELECT height AS at FROM blocks WHERE status = 3 AND height > ? ORDER BY height LIMIT 1",
  readRow: "SELECT key, timestamp, digest, bytes FROM blocks WHERE status = 3 AND height = ?",
} as const;

function tryToParse(bytes: unknown): Block | undefined {
  try {
    return bytes instanceof Uint8Array ? parseBlock(bytes) : undefined;
  } catch {
    return undefined;
  }
}

function rangeOf(from: bigint, to: bigint): string {
  return from === to ? `height ${from}` : `heights ${from} to ${to}`;
}
