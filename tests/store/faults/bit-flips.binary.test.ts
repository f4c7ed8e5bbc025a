import { test } from "bun:test";
import { runs } from "../../support/runs.ts";
import { flipInFile, flipInLog } from "./flipped-bits.ts";

// It starts no program, but takes half a minute.

const count = { perRegion: runs(2, 150), perInterior: Number.POSITIVE_INFINITY };

test("one flipped bit anywhere gives a refusal or a missing block, never a wrong answer; db check finds it", () =>
  flipInFile(count));

test("one flipped bit anywhere in the write-ahead log is noticed, and all that was written before it is right", () =>
  flipInLog(count));
