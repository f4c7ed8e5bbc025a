import { expect, test } from "bun:test";
import { findLackOfRoom, spareBytes } from "../../src/store/room.ts";
import { temporaryDirectory } from "../support/temporary.ts";

test("a disk that has too little room lacks what it needs beyond what it has", () => {
  using directory = temporaryDirectory();
  const bytes = 2 ** 52; // more than any disk has
  const needed = bytes + 64 * 1024 * 1024;
  expect(findLackOfRoom(directory.path, bytes)).toEqual({ needed, free: expect.any(Number) });
});

test("what fits beside the chain's own room is no problem", () => {
  using directory = temporaryDirectory();
  expect(findLackOfRoom(directory.path, -spareBytes)).toBeUndefined();
});
