import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readMutations } from "../support/mutation-list.ts";

test("each mutation that is listed can be made in one place, and names tests that are there", () => {
  const mutations = readMutations();
  expect(mutations.length).toBeGreaterThan(40);
  for (const { source, text, tests } of mutations) {
    expect(readFileSync(source, "utf8").split(text).length, `${source}: ${text}`).toBe(2);
    for (const file of tests) expect(existsSync(file), file).toBeTrue();
  }
});
