import type { Database } from "bun:sqlite";
import type { Id } from "../../avalanche/id.ts";
import type { Block } from "../../core/block.ts";
import { blockKey } from "../../core/block-key.ts";
import { digestOf, digestToBytes } from "../../core/digest.ts";
import { problemInHistory } from "../../core/history.ts";
import { parseStored, type Row } from "../columns.ts";
import { isReencoded, ReencodedRows } from "../reencoded.ts";
import { attempt, idInKey, isBytes, type Report, walk } from "./rows.ts";

type AcceptedRow = Row<"key" | "timestamp" | "digest" | "bytes">;

/** The block that was read last, on which the next one must stand. `block` is undefined when it is damaged. */
interface Below {
  readonly height: bigint;
  readonly id: Id | undefined;
  readonly block: Block | undefined;
}

/** Reads the accepted blocks from the first up. Holds one block at a time, and the one below it. */
export class AcceptedCheck {
  readonly #db: Database;
  readonly #onProblem: Report;
  #isSound = true;
  #count = 0;
  #reencoded = 0;
  #genesis: Id | undefined;
  #below: Below | undefined;
  #soundHeight: bigint | undefined;
  readonly #report: Report = (problem) => {
    this.#isSound = false;
    this.#onProblem(problem);
  };

  constructor(db: Database, onProblem: Report) {
    this.#db = db;
    this.#onProblem = onProblem;
  }

  /** Calls `onProgress` after each block, with how many were read and how many there seem to be. */
  run(onProgress: (read: number, total: number) => void) {
    const total = attempt("the newest height", this.#report, () => this.#countHeights()) ?? 0;
    for (const { at, row } of walk<keyof AcceptedRow>(this.#db, acceptedRows, this.#report)) {
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
    const row = this.#db.query<Row<"count">, []>("SELECT max(height) + 1 AS count FROM blocks WHERE status = 3").get();
    return typeof row?.count === "bigint" ? Number(row.count) : 0; // NULL without blocks
  }

  #check(height: bigint, row: AcceptedRow | undefined): void {
    const next = this.#below === undefined ? 0n : this.#below.height + 1n;
    if (height !== next) this.#report(`no block is accepted at ${rangeOf(next, height - 1n)}`);
    const block = row && this.#checkRow(height, row);
    if (block !== undefined && height === next) this.#checkLink(height, block);
    const id = row && idInKey(row.key);
    if (height === 0n) this.#genesis = id;
    this.#below = { height, id, block };
    if (this.#isSound) this.#soundHeight = height;
  }

  /** Gives the block when its bytes are those of its key, or what timestampvm-rs left of them. */
  #checkRow(at: bigint, { key, timestamp, digest, bytes }: AcceptedRow): Block | undefined {
    const block = this.#parse(key, bytes);
    if (block === undefined) {
      this.#report(
        `block ${idInKey(key) ?? "of a damaged id"} at height ${at} is damaged: its bytes are not those of its id`,
      );
      return undefined;
    }
    const stands = `block ${block.id} stands at height ${at}`;
    if (block.height !== at) this.#report(`${stands}, and has height ${block.height}`);
    if (block.timestamp !== timestamp)
      this.#report(`${stands} with timestamp ${timestamp}, and has ${block.timestamp}`);
    if (!isBytes(digest, digestToBytes(digestOf(block.data)))) this.#report(`${stands} with the digest of other data`);
    return block;
  }

  #parse(key: unknown, bytes: unknown): Block | undefined {
    const stored = parseStored(bytes);
    const id = idInKey(key);
    if (stored === undefined || id === undefined || !isBytes(key, blockKey(id))) return undefined;
    if (stored.id === id) return stored;
    const isKnown = attempt(`what is stored of block ${id}`, this.#report, () =>
      new ReencodedRows(this.#db).has(id, stored.id),
    );
    if (!isReencoded(id, stored) || !isKnown) return undefined;
    this.#reencoded++;
    return { ...stored, id };
  }

  #checkLink(height: bigint, block: Block): void {
    const below = this.#below;
    let problem: string | undefined;
    if (below === undefined) problem = problemInHistory(block, undefined);
    // A wrong height is reported by #checkRow. This checks only the link to the parent.
    else if (below.block) problem = problemInHistory({ ...block, height }, { ...below.block, height: below.height });
    else if (below.id !== undefined && below.id !== block.parentId)
      problem = `has parent ${block.parentId}, not ${below.id}`;
    if (problem !== undefined) this.#report(`block ${block.id} at height ${height} ${problem}`);
  }
}

const acceptedRows = {
  what: "the block at height",
  readNext: "SELECT height AS at FROM blocks WHERE status = 3 AND height > ? ORDER BY height LIMIT 1",
  readRow: "SELECT key, timestamp, digest, bytes FROM blocks WHERE status = 3 AND height = ?",
} as const;

function rangeOf(from: bigint, to: bigint): string {
  return from === to ? `height ${from}` : `heights ${from} to ${to}`;
}
