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

/** What the check found out about the accepted blocks. */
export interface AcceptedSummary {
  readonly accepted: number;
  /** How many of these timestampvm-rs encoded again. */
  readonly reencoded: number;
  readonly genesis: Id | undefined;
  readonly lastAccepted: { readonly id: Id | undefined; readonly height: bigint } | undefined;
  /** The height up to which all blocks are sound, even if indexes are not; undefined for none. */
  readonly soundHeight: bigint | undefined;
}

/** Reads the accepted blocks from the lowest up, and reports each problem. Holds two blocks in memory. */
export function checkAccepted(db: Database, version: number, report: Report, onProgress: OnProgress): AcceptedSummary {
  const make = () => new AcceptedCheck(db, version, report);
  const none = { accepted: 0, reencoded: 0, genesis: undefined, lastAccepted: undefined, soundHeight: undefined };
  return attempt("the accepted blocks", report, make)?.run(onProgress) ?? none;
}

/** Called after each block, with the number read and the number that there seem to be. */
type OnProgress = (read: number, total: number) => void;

/** The block that was read last, which must be the next one's parent. `block` is undefined if it is damaged. */
interface Below {
  readonly height: bigint;
  readonly id: Id | undefined;
  readonly block: Block | undefined;
}

/** Heights, from `from` up, without a block: `problem` is why they cannot be read, undefined if they are missing. */
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

  /** Notes a height without a readable block. */
  #pass(height: bigint, problem: string | undefined): void {
    if (problem !== undefined) this.#digests?.problemOf(height, undefined);
    if (this.#hole !== undefined && this.#hole.problem === problem) return;
    this.#closeHole(height);
    this.#hole = { from: height, problem };
  }

  /** Reports the open hole, if there is one. It ends before height `end`, which is undefined if that is not known. */
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
    if (problem !== undefined) this.#onProblem(problem); // the block itself is sound
    if (height === 0n) this.#genesis = id;
    this.#below = { height, id, block };
    if (this.#isSound) this.#soundHeight = height;
  }

  /** Gives the block if its bytes match its key, or are the recorded ones of a block that was encoded again. */
  #checkRow(at: bigint, id: Id | undefined, row: OwnRow): Block | undefined {
    const restored = this.#restore(at, id, row);
    if (restored === undefined) return undefined;
    const { block, isReencoded } = restored;
    const stands = `block ${block.id} is stored at height ${at}`;
    if (block.height !== at) this.#report(`${stands}, but has height ${block.height}`);
    if (block.timestamp !== row.timestamp) {
      this.#report(`${stands} with timestamp ${row.timestamp}, but has ${block.timestamp}`);
    }
    if (isReencoded) this.#reencoded++;
    if (row.bytes !== null && !this.#isOld && contentOf(block).bytes === null) {
      this.#report(`${stands} with all its bytes, though its data is enough`);
    }
    return block;
  }

  #restore(at: bigint, id: Id | undefined, row: OwnRow) {
    const report = (problem: string) => this.#report(`block ${id ?? "of a damaged id"} at height ${at} ${problem}`);
    const parentId = this.#idBelow(at);
    try {
      if (row.bytes === null && parentId === undefined) report("cannot be restored without the block below");
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

/** Whether this can be a block as timestampvm-rs encoded it again. */
function canBeReencoded(block: Block): boolean {
  const storedId = storedIdOf(block);
  return storedId !== undefined && isReencoded(block.id, { ...block, id: storedId });
}

const isNotOfItsId = "is damaged: its bytes do not match its id";

/** The block with this height. `#checkRow` has reported a wrong height, so only the link to the parent is checked. */
function under(height: bigint, block: Block): Block {
  return block.height === height ? block : { ...block, height };
}

/** Names the heights from `from` up to before `end`, which is undefined if it is not known. */
function rangeOf(from: bigint, end: bigint | undefined): string {
  if (end === undefined) return `height ${from} and what follows`;
  return from + 1n === end ? `height ${from}` : `heights ${from} to ${end - 1n}`;
}
