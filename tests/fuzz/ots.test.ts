import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { attestBlock, readBlockAttestation } from "../../src/proof/block-attestation.ts";
import { type BlockClaim, blockClaimsOf } from "../../src/proof/block-claims.ts";
import { maxOtsBytes, readOts } from "../../src/proof/ots/read.ts";
import type { OtsFile } from "../../src/proof/ots/timestamp.ts";
import { keepAttestations, messagesOf } from "../../src/proof/ots/walk.ts";
import { writeOts } from "../../src/proof/ots/write.ts";
import { refusalOf } from "../support/refusal.ts";
import vectors from "../vectors/ots.json";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import { roundsTimeoutMs, runRounds } from "./rounds.ts";

setDefaultTimeout(roundsTimeoutMs);

const perRound = 300;
/** Of the head of a file, up to its digest: a change there is a refusal, and finds nothing more. */
const headBytes = 31 + 1 + 1;

const proofs = [
  ...[vectors.block.ots_hex, vectors.block.ots_with_pending_hex].map((hex) => Uint8Array.fromHex(hex)),
  ...vectors.files
    .map(({ bytes }) => new Uint8Array(gunzipSync(Buffer.from(bytes, "base64"))))
    .filter((bytes) => bytes.length < 12_000),
];

/** Reads so many changed proofs in each round, and hands on those that can be read. */
function fuzz(expectOf: (file: OtsFile) => void): Promise<void> {
  const round = (seed: number) => {
    const random = new Random(seed);
    for (let i = 0; i < perRound; i++) {
      const file = readChanged(changed(random));
      if (file !== undefined) expectOf(file);
    }
  };
  return runRounds({ short: 1, round });
}

function changed(random: Random): Uint8Array {
  // The first ones have a block: they are what is worth most to somebody who forges.
  const bytes = random.oneIn(2) ? random.pick(proofs.slice(0, 2)) : random.pick(proofs);
  const body = mutate(random, bytes.subarray(headBytes), random.pick(proofs).subarray(headBytes));
  return random.oneIn(20) ? mutate(random, bytes) : Buffer.concat([bytes.subarray(0, headBytes), body]);
}

/** Undefined if the file is refused; any other error than that is a failure. */
function readChanged(bytes: Uint8Array): OtsFile | undefined {
  let file: OtsFile | undefined;
  const refusal = refusalOf(() => {
    file = readOts(bytes);
  });
  if (refusal === undefined) return file;
  expect(refusal.code).toBe("malformed ots");
  if (refusal.code === "malformed ots") expect(refusal.at).toBeWithin(0, bytes.length + 1);
  return undefined;
}

function hashOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(new Bun.CryptoHasher("sha256").update(bytes).digest());
}

/** Whether the block is about this message, by the format. */
function isAbout(claim: BlockClaim & { readonly kind: "block" }, message: Uint8Array): boolean {
  return hashOf(hashOf(claim.block.data)).toHex() === message.toHex();
}

describe("a changed .ots file that is read", () => {
  test("is written as one that is read as the same", () =>
    fuzz((file) => {
      const written = writeOts(file);
      expect(written.length).toBeLessThanOrEqual(maxOtsBytes);
      const again = readOts(written);
      expect(again).toEqual(file);
      expect(writeOts(again).toHex()).toBe(written.toHex());
    }));

  test("has messages in their limits, and can be changed without loss", () =>
    fuzz((file) => {
      for (const { bytes, depth } of messagesOf(file)) {
        expect(bytes.length).toBeWithin(1, 4097);
        expect(depth).toBeWithin(0, 256);
      }
      expect(keepAttestations(file, () => true)).toEqual(file);
    }));

  test("claims a block only of the data that it has, with what is about it in one form", () =>
    fuzz((file) => {
      const messages = messagesOf(file).toArray();
      for (const claim of blockClaimsOf(file)) {
        if (claim.kind !== "block") continue;
        const proven = messages.some(({ bytes, doubtful, timestamp }) => {
          const payloads = timestamp.attestations.filter((one) => readBlockAttestation(one)?.kind === "block");
          const isThere = payloads.some((one) => Bun.deepEquals(one, attestBlock(claim)));
          return isThere && doubtful === undefined && isAbout(claim, bytes);
        });
        expect(proven, "below append, prepend and SHA-256 alone").toBe(true);
      }
    }));
});
