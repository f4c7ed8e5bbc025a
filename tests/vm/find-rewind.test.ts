import { describe, expect, test } from "bun:test";
import { type Id, idFromBytes } from "../../src/avalanche/id.ts";
import { findRewind, type HeadMarker } from "../../src/vm/rewind.ts";

const instanceId = new Uint8Array(16).fill(0xab);
const idAt = (height: bigint): Id => idFromBytes(new Uint8Array(32).fill(Number(height)));
const markerAt = (height: bigint): HeadMarker => ({ instanceId, height, id: idAt(height) });

describe("at start, a file with blocks up to 5", () => {
  const getIdAtHeight = (height: bigint) => (height <= 5n ? idAt(height) : undefined);
  const rewindTo = (marker: HeadMarker | undefined) => findRewind(markerAt(5n), marker, getIdAtHeight);

  test("stays when the node knows its head", () => {
    expect(rewindTo(markerAt(5n))).toBeUndefined();
  });

  test("stays when the node knows more: the node goes back itself", () => {
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

test("a file with genesis alone is not rewound", () => {
  const other = { ...markerAt(3n), instanceId: new Uint8Array(16) };
  for (const marker of [undefined, markerAt(0n), markerAt(9n), other]) {
    expect(findRewind(markerAt(0n), marker, () => undefined)).toBeUndefined();
  }
});
