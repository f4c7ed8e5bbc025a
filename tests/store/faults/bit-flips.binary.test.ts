import { test } from "bun:test";
import { runs } from "../../support/runs.ts";
import { flipInFile, flipInLog } from "./flipped-bits.ts";

// It starts no program, but takes half a minute.

const count = { perRegion: runs(2, 150), perInterior: Number.POSITIVE_INFINITY };

test("one flipped bit anywhere never makes a wrong answer: it is refused, or was not there, and db check finds that", () =>
  flipInFile(count));

test("one flipped bit anywhere in the write-ahead log is noticed: what was written before it is there, and right", () =>
  flipInLog(count));
