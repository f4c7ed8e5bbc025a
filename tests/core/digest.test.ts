import { expect, test } from "bun:test";
import fc from "fast-check";
import { digestFromBytes, digestOf, digestToBytes } from "../../src/core/digest.ts";
import { bytesOf } from "../support/chain.ts";

test("a digest is the SHA-256 of the data", () => {
  // FIPS 180-2, appendix B.1
  expect(digestOf(bytesOf("abc")) as string).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("a digest goes to bytes and back", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (data) => {
      expect(digestFromBytes(digestToBytes(digestOf(data)))).toBe(digestOf(data));
    }),
  );
});
