import type { Database } from "bun:sqlite";
import { isNodeId } from "../avalanche/node-id.ts";
import { type Digest, digestBytes, digestFromBytes, digestOf, digestToBytes } from "../core/digest.ts";
import { maxDataBytes, type Proposal } from "../core/proposal.ts";
import { expectAbove, expectBytes, expectInteger, type Row } from "./columns.ts";
import { Damage } from "./failures.ts";
import { StoredTable } from "./stored-table.ts";

/** A proposal with its data. */
export interface StoredProposal extends Proposal {
  readonly data: Uint8Array;
}

/**
 * The proposals that wait for a block, in the order of arrival. Their positions are kept in memory, so one connection
 * alone may change the table. All methods throw "database failed".
 */
export class ProposalTable extends StoredTable {
  readonly #sql: ReturnType<typeof prepare>;
  /** Read when it is first needed: `readAll` does without. */
  #positions: Map<Digest, bigint> | undefined;

  constructor(file: string, db: Database) {
    super(file, db);
    this.#sql = prepare(db);
  }

  /** All of them, in order. Each is read when it is needed: others may come and go meanwhile. */
  *readAll(): Generator<StoredProposal, void> {
    for (let next = this.#readNext(beforeAll); next !== undefined; next = this.#readNext(next.position)) {
      yield next.proposal;
    }
  }

  count(): number {
    return this.run(() => Number(expectInteger(this.#sql.count.get()?.count, "the number of proposals")));
  }

  /** Whether data with this digest waits. */
  has(digest: Digest): boolean {
    return this.run(() => this.#places.has(digest));
  }

  /** A waiting proposal. Checks that its data has this digest. A malformed peer becomes undefined. */
  read(digest: Digest): StoredProposal {
    return this.run(() => {
      const position = this.#places.get(digest);
      return proposalIn(digest, position === undefined ? null : this.#sql.read.get(position));
    });
  }

  /** Appends new proposals, in one transaction. A known one keeps its place, and gets the new peer. */
  add(proposals: readonly StoredProposal[]): void {
    this.change(() => {
      for (const proposal of proposals) {
        const position = this.#places.get(proposal.digest);
        if (position === undefined) this.#insert(this.#sql.append, proposal);
        else this.#sql.setPeer.run(proposal.peer ?? null, position);
      }
    });
  }

  /**
   * Puts the data of a block that is rewound before all others, as if a client had proposed it at `since` (Unix
   * seconds). A known proposal stays as it is. Too large data is left out: another VM built it, and we may not.
   */
  requeue(data: Uint8Array, since: bigint): void {
    if (data.length > maxDataBytes) return;
    const digest = digestOf(data);
    this.change(() => {
      if (this.#places.has(digest)) return;
      this.#insert(this.#sql.prepend, { digest, data, bytes: data.length, since, peer: undefined });
    });
  }

  /** Removes a proposal, if it is there. */
  remove(digest: Digest): void {
    const position = this.run(() => this.#places.get(digest));
    if (position === undefined) return;
    this.change(() => {
      this.#sql.remove.run(position);
      this.#places.delete(digest);
    });
  }

  /** Drops damaged proposals, and those that wait a second time. Gives how many it dropped. */
  dropDamaged(): number {
    let dropped = 0;
    this.change(() => {
      this.forget();
      const seen = new Set<Digest>();
      for (let after = beforeAll; ; ) {
        const row = this.#sql.next.get(after);
        if (row === null) return;
        after = expectAbove(row.position, after, "the place of a proposal");
        const digest = digestIfWhole(row);
        if (digest === undefined || seen.has(digest)) dropped += this.#sql.remove.run(after).changes;
        else seen.add(digest);
      }
    });
    return dropped;
  }

  /** Removes several, in one transaction. */
  removeAll(digests: readonly Digest[]): void {
    this.change(() => {
      for (const digest of digests) this.remove(digest);
    });
  }

  /** Forgets the positions. Call it when a transaction that changed the table has failed. */
  forget(): void {
    this.#positions = undefined;
  }

  #insert(statement: Insert, { digest, since, peer, data }: StoredProposal): void {
    const { lastInsertRowid } = statement.run(digestToBytes(digest), since, peer ?? null, data);
    this.#places.set(digest, BigInt(lastInsertRowid));
  }

  /** The position of each proposal. */
  get #places(): Map<Digest, bigint> {
    this.#positions ??= placesIn(this.#sql.places.all());
    return this.#positions;
  }

  #readNext(after: bigint) {
    return this.run(() => {
      const row = this.#sql.next.get(after);
      if (row === null) return undefined;
      const digest = digestFromBytes(expectBytes(row.digest, "the digest of a proposal", 32));
      const position = expectAbove(row.position, after, `the place of proposal ${digest}`);
      return { position, proposal: proposalIn(digest, row) };
    });
  }

  protected override change(work: () => void): void {
    try {
      super.change(work);
    } catch (error) {
      this.forget();
      throw error;
    }
  }
}

type Insert = ReturnType<typeof prepare>["append"];

function placesIn(rows: readonly Row<"digest" | "position">[]): Map<Digest, bigint> {
  const places = new Map<Digest, bigint>();
  for (const { digest: bytes, position } of rows) {
    const digest = digestFromBytes(expectBytes(bytes, "the digest of a proposal", digestBytes));
    if (places.has(digest)) throw new Damage(`proposal ${digest} waits twice`);
    places.set(digest, expectInteger(position, `the place of proposal ${digest}`));
  }
  return places;
}

/** Positions may be negative: see `requeue`. */
const beforeAll = -(2n ** 63n);

/** The digest in a row; undefined if it is not that of the row's data. */
function digestIfWhole({ digest, data }: Row<"digest" | "data">): Digest | undefined {
  if (!(data instanceof Uint8Array) || !(digest instanceof Uint8Array)) return undefined;
  const expected = digestOf(data);
  return expected === digestFromBytes(digest) ? expected : undefined;
}

/** The proposal in its row. Throws `Damage`. */
function proposalIn(digest: Digest, row: Row<"data" | "since" | "peer"> | null): StoredProposal {
  const what = `proposal ${digest}`;
  const data = expectBytes(row?.data, what);
  const since = expectInteger(row?.since, what);
  if (digestOf(data) !== digest) throw new Damage(`${what} is damaged`);
  return { digest, data, bytes: data.length, since, peer: isNodeId(row?.peer) ? row.peer : undefined };
}

function prepare(db: Database) {
  return {
    count: db.query<Row<"count">, []>("SELECT count(*) AS count FROM mempool"),
    places: db.query<Row<"digest" | "position">, []>("SELECT digest, position FROM mempool"),
    read: db.query<Row<"data" | "since" | "peer">, [bigint]>(
      "SELECT data, since, peer FROM mempool WHERE position = ?",
    ),
    next: db.query<Row<"position" | "digest" | "data" | "since" | "peer">, [bigint]>(
      "SELECT position, digest, data, since, peer FROM mempool WHERE position > ? ORDER BY position LIMIT 1",
    ),
    append: db.query<unknown, [Uint8Array, bigint, string | null, Uint8Array]>(
      "INSERT INTO mempool (digest, since, peer, data) VALUES (?, ?, ?, ?)",
    ),
    prepend: db.query<unknown, [Uint8Array, bigint, string | null, Uint8Array]>(
      `INSERT INTO mempool (position, digest, since, peer, data)
       SELECT ifnull(min(position), 0) - 1, ?, ?, ?, ? FROM mempool`,
    ),
    setPeer: db.query<unknown, [string | null, bigint]>("UPDATE mempool SET peer = ? WHERE position = ?"),
    remove: db.query<unknown, [bigint]>("DELETE FROM mempool WHERE position = ?"),
  };
}
