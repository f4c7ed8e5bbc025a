import type { Database } from "bun:sqlite";
import { isNodeId } from "../avalanche/node-id.ts";
import { type Digest, digestFromBytes, digestOf, digestToBytes } from "../core/digest.ts";
import type { Proposal } from "../core/proposal.ts";
import { expectBytes, expectInteger, type Row } from "./columns.ts";
import { Damage, translating } from "./failures.ts";

/** A proposal with its data. */
export interface StoredProposal extends Proposal {
  readonly data: Uint8Array;
}

/** The proposals that wait for a block, in the order they came. All methods throw "database failed". */
export class ProposalTable {
  readonly #file: string;
  readonly #db: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(file: string, db: Database) {
    this.#file = file;
    this.#db = db;
    this.#sql = prepare(db);
  }

  /** All of them, in the order they came, each read when it is asked for: others may come and go meanwhile. */
  *readAll(): Generator<StoredProposal, void> {
    for (let next = this.#readNext(beforeAll); next !== undefined; next = this.#readNext(next.position)) {
      yield next.proposal;
    }
  }

  /** How many there are. */
  count(): number {
    return this.#run(() => Number(expectInteger(this.#sql.count.get()?.count, "the number of proposals")));
  }

  /** Whether data with this digest waits. */
  has(digest: Digest): boolean {
    return this.#run(() => this.#sql.has.get(digestToBytes(digest)) !== null);
  }

  /** A proposal that waits. Checks that its data has this digest. A peer that is no node id counts as none. */
  read(digest: Digest): StoredProposal {
    return this.#run(() => proposalIn(digest, this.#sql.read.get(digestToBytes(digest))));
  }

  /** Puts new ones behind the others, in one transaction. A known one keeps its place, and gets the new peer. */
  add(proposals: readonly StoredProposal[]): void {
    this.#run(() =>
      this.#db
        .transaction(() => {
          for (const { digest, data, since, peer } of proposals) {
            this.#sql.append.run(digestToBytes(digest), since, peer ?? null, data);
          }
        })
        .immediate(),
    );
  }

  /** Puts one before all others. A known one stays as it is. */
  putFirst({ digest, data, since, peer }: StoredProposal): void {
    this.#run(() => this.#sql.prepend.run(digestToBytes(digest), since, peer ?? null, data));
  }

  /** Removes one. An unknown one does not matter. */
  remove(digest: Digest): void {
    this.#run(() => this.#sql.remove.run(digestToBytes(digest)));
  }

  /** Removes several, in one transaction. */
  removeAll(digests: readonly Digest[]): void {
    this.#run(() =>
      this.#db.transaction(() => {
        for (const digest of digests) this.remove(digest);
      })(),
    );
  }

  #readNext(after: bigint) {
    return this.#run(() => {
      const row = this.#sql.next.get(after);
      if (row === null) return undefined;
      const digest = digestFromBytes(expectBytes(row.digest, "the digest of a proposal", 32));
      const position = expectInteger(row.position, `the place of proposal ${digest}`);
      return { position, proposal: proposalIn(digest, row) };
    });
  }

  #run<T>(work: () => T): T {
    return translating(this.#file, work);
  }
}

/** Positions may be negative: see `putFirst`. */
const beforeAll = -(2n ** 63n);

/** The proposal in its row. Throws `Damage`. */
function proposalIn(digest: Digest, row: Row<"data" | "since" | "peer"> | null): StoredProposal {
  const what = `proposal ${digest}`;
  const data = expectBytes(row?.data, what);
  const since = expectInteger(row?.since, what);
  if (digestOf(data) !== digest) throw new Damage(`${what} is damaged`);
  return { digest, data, bytes: data.length, since, peer: isNodeId(row?.peer) ? row.peer : undefined };
}

/** Prepares all statements once. They end with the database's close. */
function prepare(db: Database) {
  return {
    count: db.query<Row<"count">, []>("SELECT count(*) AS count FROM mempool"),
    has: db.query<unknown, [Uint8Array]>("SELECT 1 FROM mempool WHERE digest = ?"),
    read: db.query<Row<"data" | "since" | "peer">, [Uint8Array]>(
      "SELECT data, since, peer FROM mempool WHERE digest = ?",
    ),
    next: db.query<Row<"position" | "digest" | "data" | "since" | "peer">, [bigint]>(
      "SELECT position, digest, data, since, peer FROM mempool WHERE position > ? ORDER BY position LIMIT 1",
    ),
    append: db.query<unknown, [Uint8Array, bigint, string | null, Uint8Array]>(
      `INSERT INTO mempool (digest, since, peer, data) VALUES (?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET peer = excluded.peer`,
    ),
    prepend: db.query<unknown, [Uint8Array, bigint, string | null, Uint8Array]>(
      `INSERT INTO mempool (position, digest, since, peer, data)
       SELECT ifnull(min(position), 0) - 1, ?, ?, ?, ? FROM mempool WHERE true
       ON CONFLICT (digest) DO NOTHING`,
    ),
    remove: db.query<unknown, [Uint8Array]>("DELETE FROM mempool WHERE digest = ?"),
  };
}
