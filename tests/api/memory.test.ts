import { expect, spyOn, test } from "bun:test";
import { collectIfGrown, maxGrowthBytes } from "../../src/api/memory.ts";

test("what is of no use is collected when the process has grown by so much, and not before", () => {
  Bun.gc(true);
  collectIfGrown();
  using collections = spyOn(Bun, "gc");
  let answers = Array.from({ length: 2 }, () => Buffer.alloc(maxGrowthBytes, 1));
  const grown = process.memoryUsage.rss();
  answers = [];
  collectIfGrown();
  expect(collections).toHaveBeenCalledTimes(1);
  expect(grown - process.memoryUsage.rss()).toBeGreaterThan(maxGrowthBytes);
  for (let i = 0; i < 10; i++) collectIfGrown();
  expect(collections).toHaveBeenCalledTimes(1);
  expect(answers).toEqual([]);
});
