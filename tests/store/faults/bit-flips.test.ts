import { test } from "bun:test";
import { flipInFile, flipInLog } from "./flipped-bits.ts";

const count = { perRegion: 1, perInterior: 30 };

test("one of some flipped bits gives a refusal or a missing block, never a wrong answer; db check finds it", () =>
  flipInFile(count));

test("one of some flipped bits in the write-ahead log is noticed, and all that was written before it is right", () =>
  flipInLog(count));
