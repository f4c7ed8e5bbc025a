import type { Database } from "bun:sqlite";
import { nodeIdBytes } from "../avalanche/node-id.ts";
import { expectAbove, expectBytes, expectInteger, type Row } from "./columns.ts";
import { Damage } from "./failures.ts";
import { StoredTable } from "./stored-table.ts";

/** The most blocks whose attestations are kept. */
export const maxAttestedBlocks = 10_000;
/** The most signatures in one attestation. */
export const maxSignatures = 1_024;
/** Bytes of a BLS signature, a compressed point of G2. */
export const signatureBytes = 96;
/** Bytes of a validator's node id and signature. */
export const signedBytes = nodeIdBytes + signatureBytes;

/** The validators' signatures of an accepted block's id. */
export interface StoredAttestation {
  /** The block's height. */
  readonly height: bigint;
  /** The P-chain height of the validator set. */
  readonly pChainHeight: bigint;
  /** For each validator, its node id (20 bytes) and its signature (96 bytes), by ascending node id. */
  readonly signatures: Uint8Array;
}

/** Why signatures are malformed; undefined if they are not. Does not verify them. */
export function problemInSignatures(signatures: Uint8Array): string | undefined {
  const count = signatures.length / signedBytes;
  if (count === 0 || !Number.isInteger(count)) {
    return `its signatures have ${signatures.length} bytes, which is not ${signedBytes} each`;
  }
  if (count > maxSignatures) return `it has ${count} signatures, more than ${maxSignatures}`;
  for (let start = signedBytes; start < signatures.length; start += signedBytes) {
    if (Buffer.compare(nodeIdAt(signatures, start - signedBytes), nodeIdAt(signatures, start)) >= 0) {
      return "its node ids do not ascend";
    }
  }
  return undefined;
}

function nodeIdAt(signatures: Uint8Array, start: number): Uint8Array {
  return signatures.subarray(start, start + nodeIdBytes);
}

/**
 * The attestations of the highest blocks that have one. A rewind removes the attestations of its blocks too. All
 * methods throw "database failed".
 */
export class AttestationTable extends StoredTable {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(file: string, db: Database) {
    super(file, db);
    this.#sql = prepare(db);
  }

  /** All of them, the lowest block's first. Each is read when it is needed: others may come and go meanwhile. */
  *readAll(): Generator<StoredAttestation, void> {
    for (let next = this.#readNext(-1n); next !== undefined; next = this.#readNext(next.height)) yield next;
  }

  count(): number {
    return this.run(() => Number(expectInteger(this.#sql.count.get()?.count, "the number of attestations")));
  }

  /**
   * Stores attestations, in one transaction. An attestation replaces an earlier one of the same block. Beyond
   * `maxAttestedBlocks` blocks, those of the lowest blocks are dropped.
   */
  add(attestations: readonly StoredAttestation[]): void {
    this.change(() => {
      for (const { height, pChainHeight, signatures } of attestations) {
        this.#sql.put.run(height, pChainHeight, signatures);
        this.#sql.dropLowest.run(maxAttestedBlocks);
      }
    });
  }

  #readNext(after: bigint): StoredAttestation | undefined {
    return this.run(() => {
      const row = this.#sql.next.get(after);
      return row === null ? undefined : attestationIn(row, after);
    });
  }
}

/** The attestation in its row, which must be of a block above height `after`. Throws `Damage`. */
function attestationIn(row: Row<"height" | "pChainHeight" | "signatures">, after: bigint): StoredAttestation {
  const height = expectAbove(row.height, after, "the height of an attestation");
  const what = `the attestation of the block at height ${height}`;
  const pChainHeight = expectInteger(row.pChainHeight, what);
  const signatures = expectBytes(row.signatures, what);
  if (pChainHeight < 0n || problemInSignatures(signatures) !== undefined) throw new Damage(`${what} is damaged`);
  return { height, pChainHeight, signatures };
}

function prepare(db: Database) {
  return {
    // SQLite counts in the index of heights, since the table has some megabytes.
    count: db.query<Row<"count">, []>("SELECT count(*) AS count FROM attestations"),
    next: db.query<Row<"height" | "pChainHeight" | "signatures">, [bigint]>(
      `SELECT height, p_chain_height AS pChainHeight, signatures FROM attestations
       WHERE height > ? ORDER BY height LIMIT 1`,
    ),
    put: db.query<unknown, [bigint, bigint, Uint8Array]>(
      "REPLACE INTO attestations (height, p_chain_height, signatures) VALUES (?, ?, ?)",
    ),
    dropLowest: db.query<unknown, [number]>(
      `DELETE FROM attestations
       WHERE height = (SELECT min(height) FROM attestations) AND (SELECT count(*) FROM attestations) > ?`,
    ),
  };
}
