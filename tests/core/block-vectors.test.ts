import { describe, expect, test } from "bun:test";
import { idToBytes } from "../../src/avalanche/id.ts";
import { createBlock, parseBlock } from "../../src/core/block.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import vectors from "../vectors/block-json.json" with { type: "json" };

describe("a block reads as serde reads it", () => {
  test.each(vectors)("$name", (vector) => {
    const bytes = Uint8Array.fromHex(vector.hex);
    if (!vector.accepted) return expect(refusalCodeOf(() => parseBlock(bytes))).toBe("malformed block");

    const block = parseBlock(bytes);
    expect({
      parent: idToBytes(block.parentId).toHex(),
      height: block.height.toString(),
      timestamp: block.timestamp.toString(),
      data: block.data.toHex(),
      id: idToBytes(block.id).toHex(),
      canonical: createBlock(block).bytes.toHex() === vector.hex,
    }).toEqual({
      parent: vector.parent ?? "",
      height: vector.height ?? "",
      timestamp: vector.timestamp ?? "",
      data: vector.data ?? "",
      id: vector.id ?? "",
      canonical: vector.canonical ?? false,
    });
    expect(block.bytes, "the bytes stay as received").toBe(bytes);
  });

  test("the vectors hold both kinds", () => {
    const accepted = vectors.filter((vector) => vector.accepted);
    expect(accepted.length).toBeGreaterThan(25);
    expect(vectors.length - accepted.length).toBeGreaterThan(35);
  });
});
