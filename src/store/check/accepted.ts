import type { Database } from "bun:sqlite";
import type { Id } from "../../avalanche/id.ts";
import type { Block } from "../../core/block.ts";
import { blockKey } from "../../core/block-key.ts";
import { problemInHistory } from "../../core/history.ts";
import type { Row } from "../columns.ts";
import { isReencoded, ReencodedRows, storedIdOf } from "../reencoded.ts";
import { type BlockRow, blockColumns, blockIn } from "../stored-block.ts";
import { attempt, idInKey, isBytes, type Report, walk } from "./rows.ts";

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
  readonly #reencodedRows: ReencodedRows;
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
    this.#reencodedRows = new ReencodedRows(db);
  }

  /** Calls `onProgress` after each block, with how many were read and how many there seem to be. */
  run(onProgress: (read: number, total: number) => void) {
    const total = attempt("the newest height", this.#report, () => this.#countHeights()) ?? 0;
    for (const { at, row } of walk<keyof BlockRow>(this.#db, acceptedRows, this.#report)) {
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
    const row = this.#db.query<Row<"count">, []>("SELECT max(height) + 1 AS count FROM blocks").get();
    return typeof row?.count === "bigint" ? Number(row.count) : 0; // NULL without blocks
  }

  #check(height: bigint, row: BlockRow | undefined): void {
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
  #checkRow(at: bigint, row: BlockRow): Block | undefined {
    const id = idInKey(row.key);
    const block = id && attempt(`block ${id} at height ${at}`, this.#report, () => blockIn(row, this.#reencodedRows));
    if (block === undefined || !isBytes(row.key, blockKey(block.id))) {
      this.#report(`block ${id ?? "of a damaged id"} at height ${at} is damaged: its bytes are not those of its id`);
      return undefined;
    }
    const stands = `block ${block.id} stands at height ${at}`;
    if (block.height !== at) this.#report(`${stands}, and has height ${block.height}`);
    if (block.timestamp !== row.timestamp)
      this.#report(`${stands} with timestamp ${row.timestamp}, and has ${block.timestamp}`);
    const storedId = storedIdOf(block);
    if (storedId !== undefined) {
      this.#reencoded++;
      if (!isReencoded(block.id, { ...block, id: storedId })) this.#report(`${stands}, and is no block encoded again`);
    }
    return block;
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
  readNext: "SELECT height AS at FROM blocks WHERE height > ? ORDER BY height LIMIT 1",
  readRow: `SELECT ${blockColumns} FROM blocks WHERE height = ?`,
} as const;

function rangeOf(from: bigint, to: bigint): string {
  return from === to ? `height ${from}` : `heights ${from} to ${to}`;
}
