import type { Database } from "bun:sqlite";
import { nodeIdBytes } from "../avalanche/node-id.ts";
import { expectAbove, expectBytes, expectInteger, type Row } from "./columns.ts";
import { Damage } from "./failures.ts";
import { StoredTable } from "./stored-table.ts";

/** Of how many blocks attestations are kept. */
export const maxAttestedBlocks = 10_000;
/** How many validators' signatures one attestation has at most. */
export const maxSignatures = 1_024;
/** Bytes of a BLS signature, a compressed point of G2. */
export const signatureBytes = 96;
/** Bytes of a validator's node id and its signature. */
export const signedBytes = nodeIdBytes + signatureBytes;

/** The signatures of validators of an accepted block's id. */
export interface StoredAttestation {
  /** The block's height. */
  readonly height: bigint;
  /** The height of the P-chain at which they are the validators. */
  readonly pChainHeight: bigint;
  /** A validator's node id (20 bytes) and its signature (96 bytes), then the next one's; node ids ascend. */
  readonly signatures: Uint8Array;
}

/** What signatures cannot be stored for, or cannot have been stored for. Does not verify them. */
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
 * The attestations of the highest blocks that have one. They go with their blocks when the store rewinds. All methods
 * throw "database failed".
 */
export class AttestationTable extends StoredTable {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(file: string, db: Database) {
    super(file, db);
    this.#sql = prepare(db);
  }

  /** All of them, the lowest block's first, each read when it is asked for: others may come and go meanwhile. */
  *readAll(): Generator<StoredAttestation, void> {
    for (let next = this.#readNext(-1n); next !== undefined; next = this.#readNext(next.height)) yield next;
  }

  /** How many there are. */
  count(): number {
    return this.run(() => Number(expectInteger(this.#sql.count.get()?.count, "the number of attestations")));
  }

  /**
   * Stores attestations, in one transaction. One for the same block takes the place of the earlier one. Of more than
   * `maxAttestedBlocks` blocks those of the lowest go.
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

/** The attestation in its row, which is of a block above a height. Throws `Damage`. */
function attestationIn(row: Row<"height" | "pChainHeight" | "signatures">, after: bigint): StoredAttestation {
  const height = expectAbove(row.height, after, "the height of an attestation");
  const what = `the attestation of the block at height ${height}`;
  const pChainHeight = expectInteger(row.pChainHeight, what);
  const signatures = expectBytes(row.signatures, what);
  if (pChainHeight < 0n || problemInSignatures(signatures) !== undefined) throw new Damage(`${what} is damaged`);
  return { height, pChainHeight, signatures };
}

/** Prepares all statements once. They end with the database's close. */
function prepare(db: Database) {
  return {
    // Counts in the index of the heights: the table has some megabytes.
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
