import { expect, test } from "bun:test";
import { parseDigest } from "../../src/core/digest-text.ts";
import { nonceBytes, saltedDigest } from "../../src/core/salted-digest.ts";

test("a salted digest is the SHA-256 of the digest's bytes and the nonce's", () => {
  // (printf 'data' | sha256sum | cut -c1-64 | xxd -r -p; printf '\x00…\x0f') | sha256sum
  const digest = parseDigest("3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7");
  if (digest === undefined) throw new Error("no digest");
  const nonce = Uint8Array.from({ length: nonceBytes }, (_, i) => i);
  expect<string>(saltedDigest(digest, nonce)).toBe("e31ce3d650216464ac4d4a9b7178e24318e7066eb8ad37a3715bca13776d2825");
});
