import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { ProofError } from "../../src/proof/errors.ts";
import { MerkleTree } from "../../src/proof/merkle.ts";
import type { Attestation } from "../../src/proof/ots/attestation.ts";
import type { HashKind, Op } from "../../src/proof/ots/op.ts";
import { magic, maxOtsBytes, readOts } from "../../src/proof/ots/read.ts";
import {
  type Branch,
  createTimestamp,
  leadTo,
  mergeTimestamps,
  type OtsFile,
  type Timestamp,
} from "../../src/proof/ots/timestamp.ts";
import { changeOts, keepAttestations, messagesOf } from "../../src/proof/ots/walk.ts";
import { writeOts } from "../../src/proof/ots/write.ts";
import vectors from "../vectors/ots.json";

// The codec of OpenTimestamps, by what the stock library does (tests/vectors), and by its own properties.

const digest = new Uint8Array(32).fill(1);
const calendar: Attestation = { kind: "pending", uri: "https://calendar.example.org" };

/** A timestamp of 32 bytes, as bytes: what follows the head of a file. */
function bodyOf(timestamp: Timestamp): string {
  return writeOts({ hash: "sha256", digest, timestamp }).subarray(headBytes).toHex();
}

function fileWith(body: string): Uint8Array {
  return Uint8Array.fromHex(`${magic.toHex()}0108${digest.toHex()}${body}`);
}

const headBytes = 31 + 1 + 1 + 32;

function hashOf(...parts: readonly (Uint8Array<ArrayBuffer> | string)[]): Uint8Array {
  const hash = new Bun.CryptoHasher("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

describe("a file", () => {
  // Numbers of more than 64 bits are refused here, and the stock library reads them.
  const stricter = ["bitcoin-height-57344-bits"];
  // Here, branches by the same operation become one. The stock library keeps the second alone.
  const kept: Readonly<Record<string, number>> = { "same-op-twice": 0, "same-op-twice-btc-first": 0 };

  test.each(vectors.files.map(({ name, what, stock, bytes }) => [name, what, stock, bytes] as const))(
    "%s (%s) is treated as the stock library does",
    (name, _what, stock, text) => {
      const bytes = new Uint8Array(gunzipSync(Buffer.from(text, "base64")));
      if (stock === "refused" || stricter.includes(name)) {
        expect(() => readOts(bytes)).toThrow(ProofError);
        return;
      }
      const written = writeOts(readOts(bytes));
      expect(written.toHex() === bytes.toHex()).toBe(stock === "same bytes");
      if (stock !== "same bytes" && !(name in kept)) expect(`${written.length} bytes`).toBe(stock);
      expect(writeOts(readOts(written))).toEqual(written);
    },
  );

  test("loses nothing where two branches have the same operation", () => {
    for (const name of Object.keys(kept)) {
      const bytes = vectors.files.find((file) => file.name === name)?.bytes ?? "";
      const file = readOts(new Uint8Array(gunzipSync(Buffer.from(bytes, "base64"))));
      expect(messagesOf(file).reduce((sum, { timestamp }) => sum + timestamp.attestations.length, 0)).toBe(2);
    }
  });

  test("has branches by one operation as one, at every depth, and an attestation once", () => {
    const [bitcoin, other] = ["000588960d73d719010164", attested];
    const below = (end: string) => `f0010108${end}`;
    const file = fileWith(`ff${below(bitcoin)}ff${below(other)}${below(bitcoin)}`);
    expect(writeOts(readOts(file)).toHex()).toBe(fileWith(below(`ff${other}${bitcoin}`)).toHex());
  });

  test("has the same branch at every depth, above many attestations, and is read without merging them each time", () => {
    const numbered = (i: number) => `00${i.toString(16).padStart(16, "0")}0101`;
    const many = Array.from({ length: 40_000 }, (_, i) => numbered(i));
    const again = Array.from({ length: 250 }, (_, depth) => `ff${"08".repeat(250 - depth)}${numbered(depth)}08`);
    const file = readOts(fileWith(`${again.join("")}${many.map((one) => `ff${one}`).join("")}${numbered(0)}`));
    expect(messagesOf(file).toArray().at(-1)?.timestamp.attestations).toHaveLength(many.length);
  });

  test("that is cut anywhere is refused", () => {
    const whole = Uint8Array.fromHex(vectors.cut);
    for (let length = 0; length <= whole.length; length++) {
      expect(() => readOts(whole.subarray(0, length))).toThrow("it ends too early (at byte ");
    }
  });

  test("keeps the order of the stock library, in whatever order it is read", () => {
    const file = readOts(fileWith(vectors.order));
    expect(writeOts(file).toHex()).toBe(fileWith(vectors.order).toHex());
    const { attestations, branches } = file.timestamp;
    expect(createTimestamp(attestations.toReversed(), branches.toReversed())).toEqual(file.timestamp);
  });

  test("has heights in the order of numbers, not of digits", () => {
    const [nine, ten] = ["000588960d73d719010109", "000588960d73d71901010a"];
    expect(writeOts(readOts(fileWith(`ff${ten}${nine}`))).toHex()).toBe(fileWith(`ff${nine}${ten}`).toHex());
  });

  test("of more than 1 MiB is not read", () => {
    expect(() => readOts(new Uint8Array(maxOtsBytes + 1))).toThrow("more than 1048576 bytes");
  });

  test("of more than 100,000 items is not read further", () => {
    const branch = `${"08".repeat(maxOps)}${attested}`;
    const body = (branches: number) => `${`ff${branch}`.repeat(branches - 1)}${branch}`;
    expect(messagesOf(readOts(fileWith(body(390)))).toArray()).toHaveLength(1 + maxOps); // they are the same
    expect(() => readOts(fileWith(body(391)))).toThrow("more than 100000 attestations and operations");
  });

  test("of which a reader would compute more than 16 MiB is not read further", () => {
    const toLargest = `f0e01f${"ab".repeat(4064)}`;
    const branch = `${"f2".repeat(maxOps - 2)}${attested}`;
    const body = (branches: number) => `${toLargest}${`ff${branch}`.repeat(branches - 1)}${branch}`;
    expect(() => readOts(fileWith(body(16)))).not.toThrow();
    expect(() => readOts(fileWith(body(17)))).toThrow("messages of more than 16777216 bytes");
  });

  test("has numbers of at most 64 bits", () => {
    const bitcoin = (height: string) =>
      `000588960d73d71901${(height.length / 2).toString(16).padStart(2, "0")}${height}`;
    const { attestations } = readOts(fileWith(bitcoin("ffffffffffffffffff01"))).timestamp;
    expect(attestations).toEqual([{ kind: "bitcoin", height: 2n ** 64n - 1n }]);
    expect(() => readOts(fileWith(bitcoin("ffffffffffffffffff02")))).toThrow("more than 64 bits");
    expect(() => readOts(fileWith(bitcoin("8080808080808080808000")))).toThrow("more than 64 bits");
  });
});

/** An attestation that nobody knows, without content. */
const attested = "00010203040506070800";
/** As the stock library has it. */
const maxOps = 255;

const bytesOf = (max: number) => fc.uint8Array({ minLength: 1, maxLength: max });
const attestation: fc.Arbitrary<Attestation> = fc.oneof(
  fc.record({ kind: fc.constant("pending" as const), uri: fc.stringMatching(/^[\w./:-]{0,40}$/) }),
  fc.record({ kind: fc.constantFrom("bitcoin", "litecoin", "ethereum"), height: fc.bigInt(0n, 2n ** 64n - 1n) }),
  fc.record({ kind: fc.constant("other" as const), tag: fc.constant("7fcc294a79166871"), payload: bytesOf(60) }),
);
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constantFrom("append" as const, "prepend" as const), bytes: bytesOf(3) }),
  fc.record({ kind: fc.constantFrom("sha1", "ripemd160", "sha256", "keccak256", "reverse", "hexlify") }),
);
const { timestamp } = fc.letrec<{ timestamp: Timestamp; branch: Branch }>((tie) => ({
  branch: fc.record({ op, result: tie("timestamp") }),
  timestamp: fc
    .tuple(
      fc.array(attestation, { maxLength: 3 }),
      fc.oneof({ maxDepth: 5 }, fc.constant([]), fc.array(tie("branch"), { maxLength: 3 })),
      attestation,
    )
    .map(([attestations, branches, only]) =>
      createTimestamp(attestations.length + branches.length === 0 ? [only] : attestations, branches),
    ),
}));
const digestLengths = { sha1: 20, ripemd160: 20, sha256: 32, keccak256: 32 };
const file: fc.Arbitrary<OtsFile> = fc
  .constantFrom<HashKind>("sha1", "ripemd160", "sha256", "keccak256")
  .chain((hash) =>
    fc.record({
      hash: fc.constant(hash),
      digest: fc.uint8Array({ minLength: digestLengths[hash], maxLength: digestLengths[hash] }),
      timestamp,
    }),
  );

describe("any proof", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(file, (file) => {
        fc.pre(isWithinLimits(file));
        expect(readOts(writeOts(file))).toEqual(file);
      }),
    );
  });

  test("stays the same when it is merged with itself, and has all of another", () => {
    fc.assert(
      fc.property(timestamp, timestamp, (a, b) => {
        expect(mergeTimestamps(a, a)).toEqual(a);
        expect(mergeTimestamps(a, b)).toEqual(mergeTimestamps(b, a));
        expect(mergeTimestamps(mergeTimestamps(a, b), a)).toEqual(mergeTimestamps(a, b));
      }),
    );
  });

  test("keeps what it is not told to drop", () => {
    fc.assert(
      fc.property(file, (file) => {
        fc.pre(isWithinLimits(file));
        expect(keepAttestations(file, () => true)).toEqual(file);
        expect(keepAttestations(file, () => false)).toBeUndefined();
        expect(changeOts(file, (_message, timestamp) => timestamp)).toEqual(file);
        const kept = keepAttestations(file, ({ kind }) => kind !== "pending");
        const kinds = kept === undefined ? [] : attestationsOf(kept);
        expect(kinds.toSorted()).toEqual(
          attestationsOf(file)
            .filter((kind) => kind !== "pending")
            .toSorted(),
        );
      }),
    );
  });

  test("that is none gives an error of proofs, whatever its bytes are", () => {
    fc.assert(
      fc.property(file, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1 }), (file, changes) => {
        const bytes = writeOts(file);
        for (const [at, byte] of changes) bytes[headBytes + (at % (bytes.length - headBytes))] = byte;
        try {
          const read = readOts(bytes);
          expect(readOts(writeOts(read))).toEqual(read);
        } catch (error) {
          expect(error).toBeInstanceOf(ProofError);
        }
      }),
    );
  });
});

function attestationsOf(file: OtsFile): string[] {
  return messagesOf(file)
    .flatMap(({ timestamp }) => timestamp.attestations.map(({ kind }) => kind))
    .toArray();
}

function isWithinLimits(file: OtsFile): boolean {
  return messagesOf(file).every(({ bytes, depth }) => bytes.length <= 4096 && depth <= maxOps);
}

test("messages are what the operations make of them", () => {
  const file: OtsFile = { hash: "sha256", digest: hashOf("file"), timestamp: createTimestamp([calendar], []) };
  const results = new Map<Op["kind"], Uint8Array | string>([
    ["append", Uint8Array.of(...file.digest, 7)],
    ["prepend", Uint8Array.of(7, ...file.digest)],
    ["reverse", file.digest.toReversed()],
    ["hexlify", new TextEncoder().encode(file.digest.toHex())],
    ["sha256", hashOf(file.digest.slice())],
    ["sha1", new Uint8Array(new Bun.CryptoHasher("sha1").update(file.digest.slice()).digest())],
    ["ripemd160", new Uint8Array(new Bun.CryptoHasher("ripemd160").update(file.digest.slice()).digest())],
  ]);
  for (const [kind, result] of results) {
    const op = kind === "append" || kind === "prepend" ? { kind, bytes: Uint8Array.of(7) } : { kind };
    const [, message] = messagesOf({ ...file, timestamp: leadTo(file.timestamp, [op]) });
    expect(message?.bytes.toHex()).toBe(Buffer.from(result ?? "").toString("hex"));
    const isSound = kind === "append" || kind === "prepend" || kind === "sha256";
    expect(message?.doubtful).toBe(isSound ? undefined : kind);
  }
});

test("Keccak-256 is that of the Keccak team's own vectors, and not SHA-3", () => {
  const file = { hash: "sha256", digest: Uint8Array.of(), timestamp: createTimestamp([calendar], []) } as const;
  const [, message] = messagesOf({ ...file, timestamp: leadTo(file.timestamp, [{ kind: "keccak256" }]) });
  expect(message?.bytes.toHex()).toBe("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
});

describe("a tree", () => {
  test.each(vectors.merkle.map((tree) => [tree.leaves, tree] as const))(
    "of %i leaves is the stock one",
    (count, tree) => {
      const leaves = new Uint8Array(32 * count);
      for (let i = 0; i < count; i++) leaves.set(hashOf(`leaf ${i} of ${count}`), 32 * i);
      const made = new MerkleTree(leaves);
      expect(made.root.toHex()).toBe(tree.root);
      for (const [leaf, path] of Object.entries(tree.paths)) {
        expect(bodyOf(leadTo(createTimestamp([calendar], []), made.pathOf(Number(leaf))))).toBe(path);
      }
    },
  );
});
