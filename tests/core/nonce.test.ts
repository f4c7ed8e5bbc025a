import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { parseNonce, stampedDigest } from "../../src/core/nonce.ts";
import { nonceBytes } from "../../src/core/salted-digest.ts";

const digest = digestOf(new TextEncoder().encode("idea\n"));
const nonce = Uint8Array.fromHex("000102030405060708090a0b0c0d0e0f");

test("what is stamped with a nonce is the SHA-256 of digest and nonce", () => {
  // Python: sha256(sha256(b"idea\n").digest() + bytes(range(16))).hexdigest()
  expect<string>(stampedDigest(digest, nonce)).toBe("750d7994b076e5cf41d6e26291c594dd7e11629e1a8369bd572943ab9032680d");
});

test("without a nonce it is the digest", () => {
  expect(stampedDigest(digest, undefined)).toBe(digest);
});

describe("a nonce", () => {
  test.each(["000102030405060708090a0b0c0d0e0f", "0x000102030405060708090A0B0C0D0E0F"])("is read: %s", (text) => {
    expect(parseNonce(text)).toEqual(nonce);
  });

  test.each([
    ["of 15 bytes", "00".repeat(nonceBytes - 1)],
    ["of 17 bytes", "00".repeat(nonceBytes + 1)],
    ["of half a byte", "0".repeat(2 * nonceBytes - 1)],
    ["of other digits", "0g".repeat(nonceBytes)],
    ["with a line end", `${"00".repeat(nonceBytes)}\n`],
    ["of nothing", ""],
    ["of 0x alone", "0x"],
  ])("%s is refused", (_what, text) => {
    expect(parseNonce(text)).toBeUndefined();
  });
});
