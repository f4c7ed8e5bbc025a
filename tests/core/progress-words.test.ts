import { expect, test } from "bun:test";
import { describeProgress } from "../../src/core/progress-words.ts";

const gib = 1024 ** 3;

test.each([
  [1, 3, 999, "33 %"],
  [1, 100, 1_000, "1 %, about 2 min left"],
  [gib, 2 * gib, 5_000, "50 %, about 5 s left"],
  [999, 1_000, 999_000, "99 %, about 1 s left"],
  [1, 2, 60_000, "50 %, about 1 min left"],
  [1, 2, 3_660_000, "50 %, about 1 h 1 min left"],
  [7, 7, 2_000, "100 %, about 0 s left"],
])("%i of %i bytes after %i ms: %s", (bytes, size, elapsedMs, words) => {
  expect(describeProgress(bytes, size, elapsedMs)).toBe(words);
});
