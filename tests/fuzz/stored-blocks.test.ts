import type { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { zeroId } from "../../src/avalanche/id.ts";
import { type Block, parseBlock } from "../../src/core/block.ts";
import { blockKey } from "../../src/core/block-key.ts";
import { digestOf } from "../../src/core/digest.ts";
import { ChainError } from "../../src/core/errors.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { maxSqlInteger } from "../../src/store/columns.ts";
import { withConnection } from "../support/database.ts";
import { bytesOfText, type Fields, someBlock } from "./block-texts.ts";
import { recordedBlocks } from "./corpus.ts";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import { roundsTimeoutMs, runRounds } from "./rounds.ts";

setDefaultTimeout(roundsTimeoutMs);

const perRound = 20_000;

/** One block at a time, on a row that has the key of its parent. */
class OneBlock {
  readonly #store: BlockStore;
  readonly #connection: Database;
  /** How many were stored in which form. */
  readonly counts = { fields: 0, bytes: 0 };

  constructor() {
    const { opened, connection } = withConnection(() => BlockStore.open(":memory:"));
    this.#store = opened;
    this.#connection = connection;
    connection.run("BEGIN"); // never ended: it is faster
  }

  /** Stores a block, and expects to read it byte for byte, whatever its form is. */
  expectKept(block: Block): void {
    const below = "REPLACE INTO blocks (height, key, timestamp, bytes) VALUES (?, ?, 0, x'00')";
    if (block.height > 0n) this.#connection.run(below, [block.height - 1n, blockKey(block.parentId)]);
    this.#store.accept(block, digestOf(block.data));
    const read = this.#store.getBlock(block.id);
    const isSame = read !== undefined && Buffer.compare(read.bytes, block.bytes) === 0 && sameFields(read, block);
    if (!isSame) throw new Error(`kept otherwise: ${JSON.stringify(Buffer.from(block.bytes).toString("latin1"))}`);
    const row = this.#connection.query("SELECT bytes IS NULL FROM blocks WHERE height = ?").values(block.height)[0];
    const isCanonical = Buffer.from(block.bytes).toString("latin1") === canonicalTextOf(block);
    expect(row).toEqual([isCanonical ? 1n : 0n]);
    this.counts[isCanonical ? "fields" : "bytes"]++;
    this.#connection.run("DELETE FROM blocks");
  }
}

function sameFields(a: Block, b: Block): boolean {
  return a.parentId === b.parentId && a.height === b.height && a.timestamp === b.timestamp && sameData(a, b);
}

function sameData(a: Block, b: Block): boolean {
  return Buffer.compare(a.data, b.data) === 0;
}

/** As timestampvm-rs writes it (block/mod.rs:20), without our code. */
function canonicalTextOf({ parentId, height, timestamp, data }: Omit<Fields, "data"> & Pick<Block, "data">): string {
  const hex = Buffer.from(data).toString("hex");
  return `{"parent_id":"${parentId}","height":${height},"timestamp":${timestamp},"data":"0x${hex}"}`;
}

/** The block in these bytes, where it is one that a chain can have in a file. */
function storable(bytes: Uint8Array): Block | undefined {
  try {
    const block = parseBlock(bytes);
    const fits = block.height <= maxSqlInteger && block.timestamp <= maxSqlInteger;
    return fits && (block.height > 0n || block.parentId === zeroId) ? block : undefined;
  } catch (error) {
    if (error instanceof ChainError) return undefined;
    throw error;
  }
}

function someBytes(random: Random): Uint8Array {
  const known = { height: random.u64() >> 1n, timestamp: random.u64() >> 1n };
  const canonical = () => {
    const { fields } = someBlock(random, known);
    const { data, ...rest } = fields ?? { parentId: zeroId, ...known, data: "" };
    return bytesOfText(canonicalTextOf({ ...rest, data: Buffer.from(data, "hex") }));
  };
  return random.pick([
    canonical,
    () => bytesOfText(someBlock(random, known).text),
    () => mutate(random, canonical(), canonical()),
    () => mutate(random, random.pick(recordedBlocks).bytes, canonical()),
  ])();
}

test("any block is read byte for byte as it was accepted, and kept as its fields exactly when it is canonical", async () => {
  const kept = new OneBlock();
  for (const { bytes } of recordedBlocks) {
    const block = storable(bytes);
    if (block !== undefined) kept.expectKept(block);
  }
  const round = (seed: number) => {
    const random = new Random(seed);
    for (let i = 0; i < perRound; i++) {
      const block = storable(someBytes(random));
      if (block !== undefined) kept.expectKept(block);
    }
  };
  await runRounds({ short: 1, round });
  expect(kept.counts.fields).toBeGreaterThan(perRound / 5);
  expect(kept.counts.bytes).toBeGreaterThan(perRound / 10);
});
