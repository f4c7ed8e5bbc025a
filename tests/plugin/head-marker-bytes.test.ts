import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Id, idFromBytes } from "../../src/avalanche/id.ts";
import { formatHeadMarker, headMarkerKey, parseHeadMarker } from "../../src/plugin/head-marker.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";

const instanceId = new Uint8Array(16).fill(0xab);
const idAt = (height: bigint): Id => idFromBytes(new Uint8Array(32).fill(Number(height)));
const markerAt = (height: bigint): HeadMarker => ({ instanceId, height, id: idAt(height) });

describe("the head marker", () => {
  test("stands at this key", () => {
    expect(new TextDecoder().decode(headMarkerKey)).toBe("timestampvm/v1/head");
  });

  test("is instance, height in big endian, block id", () => {
    const bytes = formatHeadMarker({ instanceId, height: 0x0102030405060708n, id: idAt(7n) });
    expect(bytes.toHex()).toBe(`${"ab".repeat(16)}0102030405060708${"07".repeat(32)}`);
  });

  test("is read as it was written, for every height", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }).map(idFromBytes),
        (instanceId, height, id) => {
          const bytes = formatHeadMarker({ instanceId, height, id });
          expect(parseHeadMarker(bytes)).toEqual({ instanceId, height, id });
          const inLarger = new Uint8Array([9, 9, 9, ...bytes, 9]).subarray(3, -1);
          expect(parseHeadMarker(inLarger)).toEqual({ instanceId, height, id });
        },
      ),
    );
  });

  test("is not made of other lengths", () => {
    for (const length of [0, 1, 24, 55, 57, 112]) expect(parseHeadMarker(new Uint8Array(length))).toBeUndefined();
    expect(parseHeadMarker(new Uint8Array(56))).toBeDefined();
  });

  test("keeps what it says when the bytes it came from change", () => {
    const bytes = formatHeadMarker(markerAt(3n));
    const marker = parseHeadMarker(bytes);
    bytes.fill(0);
    expect(marker).toEqual(markerAt(3n));
  });
});
