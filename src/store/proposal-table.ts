import type { Database } from "bun:sqlite";
import type { NodeId } from "../avalanche/node-id.ts";
import { type Digest, digestFromBytes, digestOf, digestToBytes } from "../core/digest.ts";
import type { Proposal } from "../core/proposal.ts";
import { damaged, translating } from "./database.ts";

/** A proposal with its data. */
export interface StoredProposal extends Proposal {
  readonly data: Uint8Array;
}

/** The proposals that no accepted block carries yet, in the order they came. All methods throw "database failed". */
export class ProposalTable {
  readonly #file: string;
  readonly #db: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(file: string, db: Database) {
    this.#file = file;
    this.#db = db;
    this.#sql = prepare(db);
  }

  /** All of them, the first that came first; one at a time, since they may not fit into memory. */
  *readAll(): Generator<StoredProposal, void> {
    for (const digest of this.#readOrder()) yield this.read(digest);
  }

  count(): number {
    return this.#run(() => Number(this.#sql.count.get()?.count ?? 0n));
  }

  has(digest: Digest): boolean {
    return this.#run(() => this.#sql.has.get(digestToBytes(digest)) !== null);
  }

  /** One that is there; checks that its data is what came. */
  read(digest: Digest): StoredProposal {
    return this.#run(() => {
      const row = this.#sql.read.get(digestToBytes(digest));
      if (!(row?.data instanceof Uint8Array) || digestOf(row.data) !== digest || typeof row.since !== "bigint") {
        throw damaged(this.#file, `proposal ${digest} is damaged`);
      }
      const { data, since, peer } = row;
      return { digest, data, bytes: data.length, since, peer: (peer as NodeId | null) ?? undefined };
    });
  }

  /** Puts new ones behind the others, in one transaction. One that is there keeps its place, and has the new peer. */
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

  /** Puts one before all others, unless it is there. */
  putFirst({ digest, data, since, peer }: StoredProposal): void {
    this.#run(() => this.#sql.prepend.run(digestToBytes(digest), since, peer ?? null, data));
  }

  /** What is not there does not matter. */
  remove(digest: Digest): void {
    this.#run(() => this.#sql.remove.run(digestToBytes(digest)));
  }

  /** The same, in one transaction. */
  removeAll(digests: readonly Digest[]): void {
    this.#run(() =>
      this.#db.transaction(() => {
        for (const digest of digests) this.remove(digest);
      })(),
    );
  }

  #readOrder(): Digest[] {
    return this.#run(() =>
      this.#sql.order.all().map(({ digest }) => {
        if (digest instanceof Uint8Array && digest.length === 32) return digestFromBytes(digest);
        throw damaged(this.#file, "the digest of a proposal is damaged");
      }),
    );
  }

  #run<T>(work: () => T): T {
    return translating(this.#file, work);
  }
}

/** Closing the database finalizes queries; a statement that is left would keep the file locked. */
function prepare(db: Database) {
  return {
    order: db.query<{ digest: Uint8Array }, []>("SELECT digest FROM mempool ORDER BY position"),
    count: db.query<{ count: bigint }, []>("SELECT count(*) AS count FROM mempool"),
    has: db.query<unknown, [Uint8Array]>("SELECT 1 FROM mempool WHERE digest = ?"),
    read: db.query<{ data: Uint8Array; since: bigint; peer: string | null }, [Uint8Array]>(
      "SELECT data, since, peer FROM mempool WHERE digest = ?",
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
