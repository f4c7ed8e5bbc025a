import type { Database } from "bun:sqlite";
import { messageOf } from "../../avalanche/coded-error.ts";
import { type Id, zeroId } from "../../avalanche/id.ts";
import type { Block } from "../../core/block.ts";
import { problemInHistory } from "../../core/history.ts";
import { Damage } from "../failures.ts";
import { isReencoded, ReencodedRows, storedIdOf } from "../reencoded.ts";
import { schemaVersion } from "../schema.ts";
import { contentOf, type OwnRow, restore } from "../stored-block.ts";
import { type DigestCheck, IndexCheck } from "./digests.ts";
import { readHeights, readLastHeight } from "./heights.ts";
import { ColumnCheck } from "./old.ts";
import { attempt, idInKey, type Report } from "./rows.ts";

/** What is known of the accepted blocks of a file. */
export interface AcceptedSummary {
  readonly accepted: number;
  /** How many of these are stored as timestampvm-rs encoded them again. */
  readonly reencoded: number;
  readonly genesis: Id | undefined;
  readonly lastAccepted: { readonly id: Id | undefined; readonly height: bigint } | undefined;
  /** The height up to which all blocks are sound, whatever is said beside them; undefined for none. */
  readonly soundHeight: bigint | undefined;
}

/** Reads the accepted blocks from the first up, and reports each problem. Holds one block, and the one below it. */
export function checkAccepted(db: Database, version: number, report: Report, onProgress: OnProgress): AcceptedSummary {
  const make = () => new AcceptedCheck(db, version, report);
  const none = { accepted: 0, reencoded: 0, genesis: undefined, lastAccepted: undefined, soundHeight: undefined };
  return attempt("the accepted blocks", report, make)?.run(onProgress) ?? none;
}

/** Is called after each block, with how many were read and how many there seem to be. */
type OnProgress = (read: number, total: number) => void;

/** The block that was read last, on which the next one must stand. `block` is undefined when it is damaged. */
interface Below {
  readonly height: bigint;
  readonly id: Id | undefined;
  readonly block: Block | undefined;
}

/** Heights without a block, from one up: `problem` is why they cannot be read, undefined where none is there. */
interface Hole {
  readonly from: bigint;
  readonly problem: string | undefined;
}

class AcceptedCheck {
  readonly #db: Database;
  readonly #isOld: boolean;
  readonly #digests: DigestCheck | undefined;
  readonly #onProblem: Report;
  readonly #reencodedRows: ReencodedRows;
  #isSound = true;
  #count = 0;
  #reencoded = 0;
  #genesis: Id | undefined;
  #below: Below | undefined;
  #hole: Hole | undefined;
  #soundHeight: bigint | undefined;
  readonly #report: Report = (problem) => {
    this.#isSound = false;
    this.#onProblem(problem);
  };

  constructor(db: Database, version: number, onProblem: Report) {
    this.#db = db;
    this.#isOld = version < schemaVersion;
    const makeCheck = () => (this.#isOld ? new ColumnCheck(db) : new IndexCheck(db));
    this.#digests = attempt("the index of digests", onProblem, makeCheck);
    this.#onProblem = onProblem;
    this.#reencodedRows = new ReencodedRows(db);
  }

  run(onProgress: OnProgress): AcceptedSummary {
    const last = readLastHeight(this.#db, this.#onProblem);
    const heights = attempt("the accepted blocks", this.#report, () => readHeights(this.#db, last)) ?? [];
    for (const found of heights) {
      if (found.row === undefined) this.#pass(found.height, found.problem);
      else {
        this.#check(found.height, found.row);
        onProgress(++this.#count, Number((last ?? found.height) + 1n));
      }
    }
    this.#closeHole(last === undefined ? undefined : last + 1n);
    attempt("the index of digests", this.#report, () => this.#digests?.finish(last, this.#report));
    return {
      accepted: this.#count,
      reencoded: this.#reencoded,
      genesis: this.#genesis,
      lastAccepted: this.#below && { id: this.#below.id, height: this.#below.height },
      soundHeight: this.#soundHeight,
    };
  }

  /** Goes on where there is no block to check. */
  #pass(height: bigint, problem: string | undefined): void {
    if (problem !== undefined) this.#digests?.problemOf(height, undefined);
    if (this.#hole !== undefined && this.#hole.problem === problem) return;
    this.#closeHole(height);
    this.#hole = { from: height, problem };
  }

  /** Reports a hole that ends before this height, or nobody knows where. */
  #closeHole(end: bigint | undefined): void {
    if (this.#hole === undefined) return;
    const { from, problem } = this.#hole;
    const where = rangeOf(from, end);
    this.#report(
      problem === undefined ? `no block is accepted at ${where}` : `what is at ${where} cannot be read: ${problem}`,
    );
    this.#hole = undefined;
  }

  #check(height: bigint, row: OwnRow): void {
    const next = this.#below === undefined ? 0n : this.#below.height + 1n;
    if (height !== next) this.#hole ??= { from: next, problem: undefined };
    this.#closeHole(height);
    const id = idInKey(row.key);
    const block = this.#checkRow(height, id, row);
    if (block !== undefined && height === next) this.#checkLink(height, block);
    const problem = this.#digests?.problemOf(height, block);
    if (problem !== undefined) this.#onProblem(problem); // the block is sound all the same
    if (height === 0n) this.#genesis = id;
    this.#below = { height, id, block };
    if (this.#isSound) this.#soundHeight = height;
  }

  /** Gives the block when its bytes are those of its key, or what timestampvm-rs left of them. */
  #checkRow(at: bigint, id: Id | undefined, row: OwnRow): Block | undefined {
    const restored = this.#restore(at, id, row);
    if (restored === undefined) return undefined;
    const { block, isReencoded } = restored;
    const stands = `block ${block.id} stands at height ${at}`;
    if (block.height !== at) this.#report(`${stands}, and has height ${block.height}`);
    if (block.timestamp !== row.timestamp) {
      this.#report(`${stands} with timestamp ${row.timestamp}, and has ${block.timestamp}`);
    }
    if (isReencoded) this.#reencoded++;
    if (row.bytes !== null && !this.#isOld && contentOf(block).bytes === null) {
      this.#report(`${stands} with all its bytes, which its data alone gives`);
    }
    return block;
  }

  #restore(at: bigint, id: Id | undefined, row: OwnRow) {
    const report = (problem: string) => this.#report(`block ${id ?? "of a damaged id"} at height ${at} ${problem}`);
    const parentId = this.#idBelow(at);
    try {
      if (row.bytes === null && parentId === undefined) report("cannot be made again without the one below");
      else {
        const restored = id && restore(id, parentId, row, this.#reencodedRows);
        if (restored && (!restored.isReencoded || canBeReencoded(restored.block))) return restored;
        report(isNotOfItsId);
      }
    } catch (error) {
      report(error instanceof Damage ? isNotOfItsId : `cannot be read: ${messageOf(error)}`);
    }
    return undefined;
  }

  #idBelow(height: bigint): Id | undefined {
    if (height === 0n) return zeroId;
    return this.#below?.height === height - 1n ? this.#below.id : undefined;
  }

  #checkLink(height: bigint, block: Block): void {
    const below = this.#below;
    let problem: string | undefined;
    if (below === undefined) problem = problemInHistory(block, undefined);
    else if (below.block) problem = problemInHistory(under(height, block), under(below.height, below.block));
    else if (below.id !== undefined && below.id !== block.parentId)
      problem = `has parent ${block.parentId}, not ${below.id}`;
    if (problem !== undefined) this.#report(`block ${block.id} at height ${height} ${problem}`);
  }
}

/** Whether this can be all that timestampvm-rs left of a block. */
function canBeReencoded(block: Block): boolean {
  const storedId = storedIdOf(block);
  return storedId !== undefined && isReencoded(block.id, { ...block, id: storedId });
}

const isNotOfItsId = "is damaged: its bytes are not those of its id";

/** A wrong height is reported where the row is compared. With this one, only the link to the parent is checked. */
function under(height: bigint, block: Block): Block {
  return block.height === height ? block : { ...block, height };
}

/** The heights from one up to below another; undefined when nobody knows where that is. */
function rangeOf(from: bigint, end: bigint | undefined): string {
  if (end === undefined) return `height ${from} and what follows`;
  return from + 1n === end ? `height ${from}` : `heights ${from} to ${end - 1n}`;
}
