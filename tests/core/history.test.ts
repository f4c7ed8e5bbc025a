import { describe, expect, test } from "bun:test";
import { createBlock } from "../../src/core/block.ts";
import { problemInHistory } from "../../src/core/history.ts";
import { childOf, genesis, now } from "../support/chain.ts";

const one = childOf(genesis, "one");

describe("in a chain that was decided", () => {
  test.each([
    ["its first block", genesis, undefined],
    ["a child", one, genesis],
    ["a child of the same time", childOf(one, "x", one.timestamp), one],
    ["a child of a time that has not come", childOf(one, "x", 2n ** 64n - 1n), one],
  ] as const)("there may be %s", (_name, block, parent) => {
    expect(problemInHistory(block, parent)).toBeUndefined();
  });

  const noGenesis = "is not genesis: height, timestamp or parent is not 0";
  test.each([
    ["a first block with a parent", createBlock({ ...genesis, parentId: one.id }), undefined, noGenesis],
    ["a first block with a time", createBlock({ ...genesis, timestamp: 1n }), undefined, noGenesis],
    ["a first block of another height", createBlock({ ...genesis, height: 1n }), undefined, noGenesis],
    ["a block of another parent", one, childOf(genesis, "other"), `has parent ${genesis.id}, not `],
    [
      "a block of a wrong height",
      createBlock({ ...one, height: 2n }),
      genesis,
      "breaks a rule: height 2 does not follow the parent's height 0",
    ],
    [
      "a time before the parent's",
      childOf(one, "x", now - 1n),
      one,
      `breaks a rule: timestamp ${now - 1n} is before the parent's timestamp ${now}`,
    ],
  ] as const)("there may not be %s", (_name, block, parent, problem) => {
    expect(problemInHistory(block, parent)).toStartWith(problem);
  });
});
