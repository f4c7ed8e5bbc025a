import { expect, test } from "bun:test";
import fc from "fast-check";
import { idFromBytes } from "../../src/avalanche/id.ts";
import { type IdRange, minIdStartLength, rangesOfIds } from "../../src/avalanche/id-start.ts";

/** Also ids that begin with zeros, whose texts are shorter. */
const someBytes = fc
  .tuple(fc.constantFrom(0, 0, 0, 1, 2, 5, 8, 31), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([zeros, bytes]) => bytes.map((byte, i) => (i < zeros ? 0 : byte)));

function hasRange(ranges: readonly IdRange[], id: Uint8Array): boolean {
  const start = Buffer.from(id.subarray(0, 8));
  return ranges.some(({ first, last }) => start.compare(first) >= 0 && start.compare(last) <= 0);
}

test("an id is in the ranges of each start of its text", () => {
  fc.assert(
    fc.property(someBytes, fc.integer({ min: minIdStartLength, max: 50 }), (bytes, length) => {
      expect(hasRange(rangesOfIds(idFromBytes(bytes).slice(0, length)), bytes)).toBe(true);
    }),
  );
});

test("an id is not in the ranges of another start, but for those whose first eight bytes are the same", () => {
  fc.assert(
    fc.property(someBytes, someBytes, (bytes, other) => {
      const [start, otherStart] = [bytes, other].map((of) => idFromBytes(of).slice(0, minIdStartLength));
      fc.pre(start !== otherStart && !bytes.subarray(0, 8).every((byte, i) => byte === other[i]));
      const neighbours = Buffer.compare(bytes.subarray(0, 4), other.subarray(0, 4)) === 0;
      fc.pre(!neighbours); // six digits are a little more than four bytes
      expect(hasRange(rangesOfIds(start ?? ""), other)).toBe(false);
    }),
  );
});

test("the ranges of a start are few, and small", () => {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const start = fc.string({ unit: fc.constantFrom(...alphabet), minLength: minIdStartLength, maxLength: 45 });
  fc.assert(
    fc.property(start, (start) => {
      const ranges = rangesOfIds(start);
      expect(ranges.length).toBeLessThanOrEqual(3);
      for (const { first, last } of ranges) {
        const size = Buffer.from(last).readBigUInt64BE() - Buffer.from(first).readBigUInt64BE();
        expect(size >= 0n && size < 2n ** 34n).toBe(true); // of 2^64: by chance one of a billion blocks
      }
    }),
  );
});
