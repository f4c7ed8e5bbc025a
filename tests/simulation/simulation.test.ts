import { expect, test } from "bun:test";
import { runs } from "../support/runs.ts";
import { memoryDirectory } from "../support/temporary.ts";
import { NewFiles } from "./chain-data.ts";
import { faultNames } from "./plan.ts";
import { type Report, simulate } from "./simulate.ts";

/** The one seed to run, as the message of a failure says it. */
const onlySeed = process.env.SIMULATION_SEED;
const numRuns = runs(120, 20_000);
const seeds = onlySeed === undefined ? Array.from({ length: numRuns }, (_, i) => i + 1) : [Number(onlySeed)];

test("whatever happens to nodes, disks, clocks and messages, every acknowledged proposal is in one block of one chain", async () => {
  using directory = memoryDirectory();
  const newFiles = new NewFiles(directory.path);
  const counts = new Map<string, number>();
  for (const seed of seeds) {
    const report = await simulate(seed, newFiles);
    if (report.violations.length > 0) throw new Error(describeFailure(seed, report));
    for (const [what, times] of report.counts) counts.set(what, (counts.get(what) ?? 0) + times);
  }
  if (onlySeed !== undefined) return;
  const wanted = [
    ...faultNames,
    "blocks accepted",
    "blocks bootstrapped",
    "halted chains",
    "proposals refused",
    "first sights",
  ];
  expect(wanted.filter((what) => !counts.has(what))).toEqual([]);
});

/** Each of these fails when what it names is broken. A seed that fails some day joins them. */
test.each([
  [1, "power loss", "a node is never ahead of its own database"],
  [6, "outage", "a restart forgets nothing that waits"],
  [7, "wiped database", "a node with a new database fetches the chain again"],
  [10, "partition", "what a lost branch carried waits for another block"],
  [58, "power loss", "what a power cut took off the chain is stamped again"],
  [84, "outage", "late gossip stamps nothing twice behind a restart"],
  [631, "outage", "a block that was rejected before a power cut may win after it"],
] as const)("seed %i, with %s: %s", async (seed, fault) => {
  using directory = memoryDirectory();
  const report = await simulate(seed, new NewFiles(directory.path));
  expect(report.violations).toEqual([]);
  expect(report.plan.faults).toContain(fault);
});

test("a seed fixes all of a run", async () => {
  using directory = memoryDirectory();
  const newFiles = new NewFiles(directory.path);
  const first = await simulate(7, newFiles);
  const second = await simulate(7, newFiles);
  expect(second.lines).toEqual(first.lines);
  expect(first.lines.length).toBeGreaterThan(10);
  expect((await simulate(8, newFiles)).lines).not.toEqual(first.lines);
});

function describeFailure(seed: number, { violations, lines, plan }: Report): string {
  return [
    `seed ${seed}: ${violations.slice(0, 5).join("; ")}`,
    JSON.stringify(plan),
    ...lines.slice(onlySeed === undefined ? -40 : 0),
    `again, with all lines: SIMULATION_SEED=${seed} bun test tests/simulation`,
  ].join("\n");
}
