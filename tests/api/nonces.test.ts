import { expect, test } from "bun:test";
import { maxNonces, Nonces } from "../../src/api/nonces.ts";
import { digestOf } from "../../src/core/digest.ts";

test("the newest nonces are remembered, and no more than so many", () => {
  const nonces = new Nonces();
  const digests = Array.from({ length: maxNonces + 1 }, (_, i) => digestOf(Uint8Array.of(i, i >> 8)));
  const given = digests.map((digest) => nonces.of(digest));
  expect(new Set(given.map((nonce) => nonce.toHex())).size).toBe(maxNonces + 1);
  expect(digests.slice(1).map((digest) => nonces.of(digest))).toEqual(given.slice(1));
  expect(nonces.of(digests[0] as (typeof digests)[0])).not.toEqual(given[0] as Uint8Array);
});
