import { describe, expect, test } from "bun:test";
import { parseId } from "../../src/avalanche/id.ts";
import { createBlock, parseBlock } from "../../src/core/block.ts";
import { attestBlock, readBlockAttestation, type StampedBlock } from "../../src/proof/block-attestation.ts";
import { blockClaimsOf } from "../../src/proof/block-claims.ts";
import { type Carrier, FileTree, proveFile } from "../../src/proof/file-proofs.ts";
import { ByteWriter } from "../../src/proof/ots/bytes.ts";
import type { Op } from "../../src/proof/ots/op.ts";
import { readOts } from "../../src/proof/ots/read.ts";
import { createTimestamp, leadTo, mergeTimestamps, type OtsFile } from "../../src/proof/ots/timestamp.ts";
import { writeOts } from "../../src/proof/ots/write.ts";
import { genesis } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";
import vectors from "../vectors/ots.json";

// What a proof claims of blocks. The first vector was made by another program.

const { block: vector, blockWithoutLength } = vectors;
const file = readOts(Uint8Array.fromHex(vector.ots_hex));
const [claim] = blockClaimsOf(file);
const stamped = expectBlock(claim);

function expectBlock(claim: ReturnType<typeof blockClaimsOf>[number] | undefined): StampedBlock {
  if (claim?.kind !== "block") throw new Error("no block");
  const { kind, ...stamped } = claim;
  return stamped;
}

function hashOf(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(new Bun.CryptoHasher("sha256").update(Buffer.concat(parts)).digest());
}

/** What is read of a payload. */
function read(payload: Uint8Array) {
  return readBlockAttestation({ kind: "other", tag: "7fcc294a79166871", payload });
}

describe("a block as an attestation", () => {
  test("is what another program made of it", () => {
    expect([stamped.network, stamped.chain, stamped.block.id] as string[]).toEqual([
      12345n,
      vector.chain_id_cb58,
      vector.block_id,
    ] as never);
    expect(attestBlock(stamped)).toEqual({
      kind: "other",
      tag: "7fcc294a79166871",
      payload: Uint8Array.fromHex(vector.payload_hex),
    });
    expect(writeOts(proveFile(file.digest, [stamped])).toHex()).toBe(vector.ots_hex);
  });

  test("stands beside a calendar's promise", () => {
    const both = readOts(Uint8Array.fromHex(vector.ots_with_pending_hex));
    expect(blockClaimsOf(both)).toEqual([{ kind: "block", ...stamped }]);
    expect(writeOts(both).toHex()).toBe(vector.ots_with_pending_hex);
  });

  const { bytes } = stamped.block;
  const chain = Uint8Array.fromHex(vector.payload_hex).slice(3, 35);
  const payloadOf = (head: readonly number[], length: readonly number[], ...rest: readonly Uint8Array[]) =>
    Uint8Array.of(...head, ...chain, ...length, ...Buffer.concat(rest));
  const goodHead = [0x01, 0xb9, 0x60];
  const goodLength = [0xb0, 0x01];

  test("is taken in one form alone", () => {
    expect(read(payloadOf(goodHead, goodLength, bytes))).toEqual({ kind: "block", ...stamped });
  });

  test.each([
    ["a form in two bytes", payloadOf([0x81, 0x00, 0xb9, 0x60], goodLength, bytes), "not in its shortest form"],
    ["a network id in three bytes", payloadOf([0x01, 0xb9, 0xe0, 0x00], goodLength, bytes), "not in its shortest form"],
    ["a length in three bytes", payloadOf(goodHead, [0xb0, 0x81, 0x00], bytes), "not in its shortest form"],
    ["a network id of 33 bits", payloadOf([0x01, 0x80, 0x80, 0x80, 0x80, 0x10], goodLength, bytes), "32 bits"],
    ["a byte behind the block", payloadOf(goodHead, goodLength, bytes, Uint8Array.of(0)), "more bytes after its end"],
    ["a block that is cut", payloadOf(goodHead, goodLength, bytes.subarray(1)), "ends too early"],
    ["a length beyond all memory", payloadOf(goodHead, [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]), "too early"],
    ["bytes that are no block", payloadOf(goodHead, [2], Uint8Array.of(0x7b, 0x7d)), "missing field"],
    ["nothing", new Uint8Array(), "ends too early"],
    ["no length, as in a draft", Uint8Array.of(...goodHead, ...chain, ...bytes), ""],
  ])("is malformed with %s", (_what, payload, problem) => {
    expect(read(payload)).toEqual({ kind: "malformed", problem: expect.stringContaining(problem) });
  });

  test("of the largest network is read", () => {
    const largest = payloadOf([0x01, 0xff, 0xff, 0xff, 0xff, 0x0f], goodLength, bytes);
    expect(read(largest)).toMatchObject({ kind: "block", network: 2n ** 32n - 1n });
  });

  test.each([2n, 3n, 2n ** 64n - 1n])("of form %i is one that a newer program made", (form) => {
    const payload = new ByteWriter()
      .writeNumber(form)
      .writeBytes(Uint8Array.of(1, 2, 3))
      .toBytes();
    expect(read(payload)).toEqual({ kind: "newer", form });
  });

  test("of another tag is none", () => {
    expect(readBlockAttestation({ kind: "other", tag: "7fcc294a79166872", payload: bytes })).toBeUndefined();
    expect(readBlockAttestation({ kind: "pending", uri: "a" })).toBeUndefined();
  });

  test("does not hold more than 8,192 bytes", () => {
    const blockOf = (bytes: number) => createBlock({ ...genesis, parentId: genesis.id, data: new Uint8Array(bytes) });
    const spaceBytes = blockOf(4_000).bytes.length - 8_000;
    const most = Math.floor((8_192 - (1 + 2 + 32 + 2) - spaceBytes) / 2);
    const largest = attestBlock({ ...stamped, block: blockOf(most) });
    expect(read("payload" in largest ? largest.payload : new Uint8Array())).toMatchObject({ kind: "block" });
    expect(refusalOf(() => attestBlock({ ...stamped, block: blockOf(most + 1) }))).toMatchObject({
      code: "block too large",
      maxBytes: 8_192 - (1 + 2 + 32 + 2),
    });
  });

  test("is not made of bytes that timestampvm-rs encoded again", () => {
    const { block } = stamped;
    const other = parseBlock(block.bytes, parseId(vector.chain_id_cb58));
    expect(refusalOf(() => attestBlock({ ...stamped, block: other }))).toMatchObject({ code: "no proof" });
  });
});

describe("a claim of a block", () => {
  const attestation = attestBlock(stamped);
  const end = createTimestamp([attestation], []);
  const claimsOf = (timestamp: OtsFile["timestamp"], digest = file.digest, hash: OtsFile["hash"] = "sha256") =>
    blockClaimsOf({ hash, digest, timestamp });

  test("holds of no message but that of its data, hashed twice", () => {
    for (const hashes of [0, 1, 3]) {
      const ops = Array.from({ length: hashes }, (): Op => ({ kind: "sha256" }));
      expect(claimsOf(leadTo(end, ops))).toEqual([
        { kind: "unsound", problem: expect.stringContaining("something else") },
      ]);
    }
  });

  test.each<Op["kind"]>(["sha1", "ripemd160", "keccak256", "reverse", "hexlify"])(
    "does not hold behind %s, though the message is right",
    (kind) => {
      const op: Op = kind === "append" || kind === "prepend" ? { kind, bytes: Uint8Array.of(0) } : { kind };
      const message = resultOf(op);
      const block = createBlock({ ...genesis, parentId: genesis.id, data: message });
      const below = createTimestamp([attestBlock({ ...stamped, block })], []);
      const ops: readonly Op[] = [op, { kind: "sha256" }, { kind: "sha256" }];
      expect(claimsOf(leadTo(below, ops))).toEqual([{ kind: "unsound", problem: expect.stringContaining(kind) }]);
    },
  );

  /** By other code than that under test. */
  function resultOf(op: Op): Uint8Array {
    const hash = (name: "sha1" | "ripemd160") =>
      new Uint8Array(new Bun.CryptoHasher(name).update(Buffer.from(file.digest)).digest());
    if (op.kind === "sha1" || op.kind === "ripemd160") return hash(op.kind);
    if (op.kind === "reverse") return file.digest.toReversed();
    if (op.kind === "hexlify") return new TextEncoder().encode(file.digest.toHex());
    return Uint8Array.of();
  }

  test("does not hold of a file that is hashed by SHA-1", () => {
    const data = new Uint8Array(20).fill(7);
    const block = createBlock({ ...genesis, parentId: genesis.id, data });
    const below = createTimestamp([attestBlock({ ...stamped, block })], []);
    const claims = claimsOf(leadTo(below, [{ kind: "sha256" }, { kind: "sha256" }]), data, "sha1");
    expect(claims).toEqual([{ kind: "unsound", problem: expect.stringContaining("sha1") }]);
  });

  test("is one of several, each for itself", () => {
    const wrong = leadTo(end, [{ kind: "sha256" }]);
    const claims = claimsOf(mergeTimestamps(file.timestamp, wrong));
    expect(claims.map(({ kind }) => kind)).toEqual(["unsound", "block"]);
  });

  test.each(Object.entries(blockWithoutLength))("of a draft's file %s is malformed", (_name, hex) => {
    expect(blockClaimsOf(readOts(Uint8Array.fromHex(hex)))).toEqual([
      { kind: "unsound", problem: expect.stringContaining("malformed") },
    ]);
  });

  test("of a block that was stamped as data names that block, and no other", () => {
    // The bytes of an invented block are data like any other: what is claimed is the block that carries them.
    const invented = createBlock({ ...genesis, parentId: genesis.id, timestamp: 1n, data: file.digest });
    const carrier = createBlock({ ...genesis, parentId: genesis.id, data: hashOf(invented.bytes) });
    const proof = proveFile(hashOf(invented.bytes), [{ ...stamped, block: carrier }]);
    expect(blockClaimsOf(proof)).toEqual([{ kind: "block", ...stamped, block: carrier }]);
  });
});

describe("files in one tree", () => {
  const digests = Array.from({ length: 11 }, (_, i) => hashOf(Uint8Array.of(i)));
  const nonces = digests.map((_, i) => new Uint8Array(16).fill(i));
  const tree = new FileTree(Buffer.concat(digests), Buffer.concat(nonces));
  const carry = (data: Uint8Array, nonce?: Uint8Array): Carrier => ({
    ...stamped,
    block: createBlock({ ...genesis, parentId: genesis.id, data }),
    nonce,
  });

  test("have a proof each, by the block that carries the root", () => {
    const carrier = carry(tree.root);
    const prove = tree.prover([carrier]);
    for (const [i, digest] of digests.entries()) {
      const proof = prove(i);
      expect(proof.digest).toEqual(digest);
      expect(readOts(writeOts(proof))).toEqual(proof);
      expect(blockClaimsOf(proof)).toEqual([{ kind: "block", ...stamped, block: carrier.block }]);
      for (const other of digests) if (other !== digest) expect(writeOts(proof).toHex()).not.toContain(other.toHex());
    }
  });

  test("have a proof by the salted root, too", () => {
    const nonce = new Uint8Array(16).fill(0xee);
    const plain = carry(tree.root);
    const salted = carry(hashOf(tree.root, nonce), nonce);
    const claims = blockClaimsOf(tree.prover([plain, salted])(4));
    expect(new Set(claims.map((claim) => expectBlock(claim).block.id))).toEqual(
      new Set([plain.block.id, salted.block.id]),
    );
  });

  test("have none by a block that carries something else", () => {
    expect(() => tree.prover([carry(hashOf(tree.root))])).toThrow("carries something else");
  });

  test("a lone file has one by a block that carries the file itself", () => {
    const data = new TextEncoder().encode("the file itself");
    const carrier = carry(data);
    expect(blockClaimsOf(proveFile(hashOf(data), [carrier]))).toEqual([
      { kind: "block", ...stamped, block: carrier.block },
    ]);
  });
});
