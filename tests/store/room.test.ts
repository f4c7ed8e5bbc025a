import { expect, test } from "bun:test";
import { findLackOfRoom, spareBytes } from "../../src/store/room.ts";
import { temporaryDirectory } from "../support/temporary.ts";

test("a disk with too little room: the free bytes that it needs and has", () => {
  using directory = temporaryDirectory();
  const bytes = 2 ** 52; // more than any disk has
  const needed = bytes + 64 * 1024 * 1024;
  expect(findLackOfRoom(directory.path, bytes)).toEqual({ needed, free: expect.any(Number) });
});

test("a disk with room for the file and the spare bytes lacks nothing", () => {
  using directory = temporaryDirectory();
  expect(findLackOfRoom(directory.path, -spareBytes)).toBeUndefined();
});
