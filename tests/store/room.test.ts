import { expect, test } from "bun:test";
import { findLackOfRoom, spareBytes } from "../../src/store/room.ts";
import { temporaryDirectory } from "../support/temporary.ts";

test("a disk that has too little room is named, with what it has and what it needs", () => {
  using directory = temporaryDirectory();
  const bytes = 2 ** 52; // more than any disk has
  const needed = bytes + 64 * 1024 * 1024;
  const said = findLackOfRoom(directory.path, bytes)?.replace(/has \d+ free/, "has some free");
  expect(said).toBe(`${directory.path}: the disk has some free bytes, and ${needed} must be free`);
});

test("what fits beside the chain's own room is no problem", () => {
  using directory = temporaryDirectory();
  expect(findLackOfRoom(directory.path, -spareBytes)).toBeUndefined();
});
