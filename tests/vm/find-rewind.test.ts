import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Id, idFromBytes } from "../../src/avalanche/id.ts";
import { findRewind, formatHeadMarker, type HeadMarker, headMarkerKey, parseHeadMarker } from "../../src/vm/rewind.ts";

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

describe("at start, a file with blocks up to 5", () => {
  const getIdAtHeight = (height: bigint) => (height <= 5n ? idAt(height) : undefined);
  const rewindTo = (marker: HeadMarker | undefined) => findRewind(markerAt(5n), marker, getIdAtHeight);

  test("stays when the node knows its head", () => {
    expect(rewindTo(markerAt(5n))).toBeUndefined();
  });

  test("stays when the node knows more: the node follows back", () => {
    expect(rewindTo(markerAt(6n))).toBeUndefined();
    expect(rewindTo(markerAt(2n ** 64n - 1n))).toBeUndefined();
  });

  test.each([4n, 1n, 0n])("goes back to %p when the node knows no more", (height) => {
    expect(rewindTo(markerAt(height))).toEqual({ height, reason: "the node's database is behind", isLost: true });
  });

  test("goes back to genesis when the node knows nothing", () => {
    expect(rewindTo(undefined)).toEqual({
      height: 0n,
      reason: "the node's database does not know this chain",
      isLost: false,
    });
  });

  test.each([0n, 4n, 5n, 6n])("goes back to genesis when the node knows another file, at %p", (height) => {
    expect(rewindTo({ ...markerAt(height), instanceId: new Uint8Array(16) })).toEqual({
      height: 0n,
      reason: "the node's database belongs to another chain data directory",
      isLost: false,
    });
  });

  test.each([5n, 3n])("goes back to genesis when the node has another block at %p", (height) => {
    expect(rewindTo({ ...markerAt(height), id: idAt(99n) })).toEqual({
      height: 0n,
      reason: "the node's database has another block at this height",
      isLost: false,
    });
  });
});

test("a file with genesis alone has nowhere to go back to", () => {
  const other = { ...markerAt(3n), instanceId: new Uint8Array(16) };
  for (const marker of [undefined, markerAt(0n), markerAt(9n), other]) {
    expect(findRewind(markerAt(0n), marker, () => undefined)).toBeUndefined();
  }
});
