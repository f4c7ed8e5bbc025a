import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import {
  maxAttestedBlocks,
  maxSignatures,
  problemInSignatures,
  type StoredAttestation,
  signatureBytes,
} from "../../src/store/attestation-table.ts";
import type { BlockReader } from "../../src/store/block-reader.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** Signatures of validators with these numbers, big endian in the 20 bytes of their node ids. */
function signaturesOf(...validators: readonly number[]): Uint8Array {
  const signatures = new Uint8Array(116 * validators.length);
  validators.forEach((validator, i) => {
    new DataView(signatures.buffer).setUint32(116 * i + 16, validator);
    signatures.fill(validator, 116 * i + 20, 116 * (i + 1));
  });
  return signatures;
}

const firstOf = (count: number) => signaturesOf(...Array.from({ length: count }, (_, i) => i));

function attestationAt(height: bigint | number, ...validators: readonly number[]): StoredAttestation {
  return { height: BigInt(height), pChainHeight: 100n, signatures: signaturesOf(1, ...validators) };
}

const chainOf = (count: number) => Array.from({ length: count }, (_, height) => attestationAt(height));

function openWith(...attestations: readonly StoredAttestation[]): BlockStore {
  const store = BlockStore.open(":memory:");
  store.attestations.add(attestations);
  return store;
}

const heightsIn = ({ attestations }: BlockReader) => [...attestations.readAll()].map(({ height }) => Number(height));

test("a block has up to 1,024 signatures of 96 bytes, and 10,000 blocks have some", () => {
  expect([maxSignatures, signatureBytes, maxAttestedBlocks]).toEqual([1_024, 96, 10_000]);
});

describe("attestations in the file", () => {
  test("are replaced by later attestations of the same block", () => {
    const store = openWith(attestationAt(1), attestationAt(2));
    store.attestations.add([{ ...attestationAt(1, 2), pChainHeight: 101n }]);
    expect([...store.attestations.readAll()]).toEqual([
      { ...attestationAt(1, 2), pChainHeight: 101n },
      attestationAt(2),
    ]);
  });

  test("are removed with the blocks that are rewound", () => {
    const store = openWith(attestationAt(1), attestationAt(3), attestationAt(5));
    store.rewind(3n);
    expect(heightsIn(store)).toEqual([1, 3]);
    store.rewindWithNewId(undefined);
    expect(heightsIn(store)).toEqual([]);
  });

  test("are kept for the 10,000 highest blocks that have one", () => {
    const store = openWith(...chainOf(9_999), attestationAt(20_000));
    expect([heightsIn(store)[0], store.attestations.count()]).toEqual([0, 10_000]);
    store.attestations.add([attestationAt(20_000, 2), attestationAt(30_000), attestationAt(15_000)]);
    expect([heightsIn(store).slice(0, 2), heightsIn(store).slice(-3)]).toEqual([
      [2, 3],
      [15_000, 20_000, 30_000],
    ]);
    store.attestations.add([attestationAt(1)]);
    expect([heightsIn(store)[0], store.attestations.count()], "of a block below them, none").toEqual([2, 10_000]);
  });

  test("are counted without reading them", () => {
    using directory = temporaryDirectory();
    BlockStore.open(directory.file("chain.db")).close();
    using db = new Database(directory.file("chain.db"));
    const plan = db.query<{ detail: string }, []>("EXPLAIN QUERY PLAN SELECT count(*) AS count FROM attestations");
    expect(plan.all().map(({ detail }) => detail)).toEqual([expect.stringContaining("COVERING INDEX")]);
  });
});

describe("an attestation is refused, with all others of the same call,", () => {
  test.each<readonly [string, Partial<StoredAttestation>]>([
    ["of a height of the P-chain below 0", { pChainHeight: -1n }],
    ["without a signature", { signatures: new Uint8Array() }],
    ["of a part of a signature", { signatures: new Uint8Array(117) }],
    ["of too many signatures", { signatures: firstOf(1_025) }],
  ])("%s", (_name, change) => {
    const store = openWith(attestationAt(1));
    const wrong = { ...attestationAt(3), ...change };
    expect(refusalOf(() => store.attestations.add([attestationAt(2), wrong]))).toMatchObject({
      code: "database failed",
    });
    expect(heightsIn(store)).toEqual([1]);
  });
});

test.each<readonly [string, Uint8Array, string | undefined]>([
  ["nothing", signaturesOf(1, 2, 256, 257), undefined],
  ["no signature", new Uint8Array(), "its signatures have 0 bytes, which is not 116 each"],
  ["a part of one", new Uint8Array(117), "its signatures have 117 bytes, which is not 116 each"],
  ["as many as there may be", firstOf(1_024), undefined],
  ["one more", firstOf(1_025), "it has 1025 signatures, more than 1024"],
  ["two of one node", signaturesOf(1, 2, 2), "its node ids do not ascend"],
  ["another order", signaturesOf(1, 256, 2), "its node ids do not ascend"],
])("what is wrong with signatures: %s", (_name, signatures, problem) => {
  expect(problemInSignatures(signatures)).toBe(problem);
});

describe("a damaged attestation is not read:", () => {
  test.each([
    "p_chain_height = -1",
    "p_chain_height = 'text'",
    "signatures = x''",
    "signatures = zeroblob(115)",
    "signatures = zeroblob(232)", // the same node twice
    "signatures = zeroblob(118900)",
    "signatures = 7",
  ])("%s", (change) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const store = BlockStore.open(file);
    store.attestations.add([attestationAt(1), attestationAt(2)]);
    store.close();
    spoil(file, `UPDATE attestations SET ${change} WHERE height = 2`);
    const again = BlockStore.open(file);
    const reading = again.attestations.readAll();
    expect(reading.next().value).toEqual(attestationAt(1));
    expect(refusalOf(() => reading.next())).toMatchObject({
      code: "database failed",
      problem: "the attestation of the block at height 2 is damaged",
    });
    again.close();
  });

  /** In a table of the same columns that has no rules. */
  function spoil(file: string, sql: string): void {
    using db = new Database(file);
    db.run("CREATE TABLE loose AS SELECT * FROM attestations");
    db.run("DROP TABLE attestations");
    db.run("ALTER TABLE loose RENAME TO attestations");
    db.run(sql);
  }
});
