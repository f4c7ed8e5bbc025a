import type { Database } from "bun:sqlite";
import { type Digest, digestBytes, digestFromBytes, digestToBytes } from "../core/digest.ts";
import { expectAbove, expectBytes, expectInteger, type Row } from "./columns.ts";
import { Damage } from "./failures.ts";
import { StoredTable } from "./stored-table.ts";

/** The most leaves of one tree. */
export const maxTreeLeaves = 4_096;
/** Bytes of a tree's secret. */
export const secretBytes = 32;

/** The Merkle tree of a batch of digests. */
export interface StoredTree {
  readonly root: Digest;
  /** The nonces of the leaves are derived from it. Who knows it can guess which data a leaf stands for, and test it. */
  readonly secret: Uint8Array;
  /** The digests in their order, 32 bytes each. */
  readonly leaves: Uint8Array;
}

/** Why a tree is malformed; undefined if it is not. Does not compare the root with the leaves. */
export function problemInTree({ secret, leaves }: StoredTree): string | undefined {
  if (secret.length !== secretBytes) return `its secret has ${secret.length} bytes instead of ${secretBytes}`;
  if (leaves.length === 0 || leaves.length % digestBytes > 0) {
    return `its leaves have ${leaves.length} bytes, which is not ${digestBytes} each`;
  }
  const count = leaves.length / digestBytes;
  return count > maxTreeLeaves ? `it has ${count} leaves, more than ${maxTreeLeaves}` : undefined;
}

/** The trees of all batches, in the order of arrival. All methods throw "database failed". */
export class TreeTable extends StoredTable {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(file: string, db: Database) {
    super(file, db);
    this.#sql = prepare(db);
  }

  /** All of them, in the order of arrival, each read when it is needed. */
  *readAll(): Generator<StoredTree, void> {
    for (let next = this.#readNext(0n); next !== undefined; next = this.#readNext(next.number)) yield next.tree;
  }

  count(): number {
    return this.run(() => Number(expectInteger(this.#sql.count.get()?.count, "the number of trees")));
  }

  /** Whether there is a tree with this root. */
  has(root: Digest): boolean {
    return this.run(() => this.#sql.has.get(digestToBytes(root)) !== null);
  }

  /** Appends trees, in one transaction. Throws for a root that is there already. */
  add(trees: readonly StoredTree[]): void {
    this.change(() => {
      for (const { root, secret, leaves } of trees) this.#sql.append.run(digestToBytes(root), secret, leaves);
    });
  }

  /** SQLite numbers them from 1 up. */
  #readNext(after: bigint) {
    return this.run(() => {
      const row = this.#sql.next.get(after);
      if (row === null) return undefined;
      return { number: expectAbove(row.tree, after, "the number of a tree"), tree: treeIn(row) };
    });
  }
}

/** The tree in its row. Throws `Damage`. */
function treeIn(row: Row<"root" | "secret" | "leaves">): StoredTree {
  const root = digestFromBytes(expectBytes(row.root, "the root of a tree", digestBytes));
  const what = `tree ${root}`;
  const tree = { root, secret: expectBytes(row.secret, what), leaves: expectBytes(row.leaves, what) };
  if (problemInTree(tree) !== undefined) throw new Damage(`${what} is damaged`);
  return tree;
}

function prepare(db: Database) {
  return {
    count: db.query<Row<"count">, []>("SELECT count(*) AS count FROM trees"),
    has: db.query<unknown, [Uint8Array]>("SELECT 1 FROM trees WHERE root = ?"),
    next: db.query<Row<"tree" | "root" | "secret" | "leaves">, [bigint]>(
      "SELECT tree, root, secret, leaves FROM trees WHERE tree > ? ORDER BY tree LIMIT 1",
    ),
    append: db.query<unknown, [Uint8Array, Uint8Array, Uint8Array]>(
      "INSERT INTO trees (root, secret, leaves) VALUES (?, ?, ?)",
    ),
  };
}
