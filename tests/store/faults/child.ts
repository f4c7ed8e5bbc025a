// A process whose disk fails, for tests from outside. `bun child.ts HISTORY TRIALS` with the environment of
// `makeFailingDisk`. It goes through the history once for each trial, says in one line of JSON what came of it, and
// leaves the files as they were when a step was first refused, and in the end.

import { cpSync, mkdirSync, readFileSync, readSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { FileError, type FileRefusal } from "../../../src/store/errors.ts";
import { Plan } from "./failing-disk.ts";
import { type Facts, factsOf, type History } from "./history.ts";
import { storeHistory, upgradeHistory } from "./store-history.ts";
import type { Outcome, Problem, Trial } from "./trial.ts";
import { vmHistory } from "./vm-history.ts";

const historyByName: Readonly<Record<string, (file: string) => History>> = {
  store: storeHistory,
  "store of version 1": (file) => upgradeHistory(file, 1),
  "store of version 3": (file) => upgradeHistory(file, 3),
  vm: vmHistory,
};
const [name = "", trialsFile = ""] = process.argv.slice(2);
const disk = process.env.DISK ?? "";
const file = join(disk, "timestampvm.db");
const plan = new Plan();

const trials = JSON.parse(readFileSync(trialsFile, "utf8")) as readonly Trial[];
trials.forEach((trial, index) => {
  readSync(0, new Uint8Array(1)); // one byte for each trial: the files of many would fill the disk
  const images = join(dirname(disk), `${index}`);
  mkdirSync(images);
  mkdirSync(disk);
  const outcome = run(trial, (image) => cpSync(disk, join(images, image), { recursive: true }));
  renameSync(disk, join(images, "end"));
  writeSync(1, `${JSON.stringify(outcome)}\n`);
});

function run({ fault, reaction }: Trial, keep: (image: string) => void): Outcome {
  const history = historyByName[name]?.(file);
  if (history === undefined) throw new Error(`no history ${name}`);
  const { steps, leave, marker } = history;
  const facts = factsOf(steps);
  const problems: Problem[] = [];
  let done = 0;
  const succeeds = (work: (known: Facts) => void): boolean => {
    const problem = problemOf(() => work(facts[done] as Facts));
    if (problem !== undefined) problems.push({ step: done, marker: marker(), ...problem });
    return problem === undefined;
  };
  plan.cure();
  history.prepare?.();
  plan.begin(fault);
  for (const { run } of steps) {
    if (!succeeds(run)) {
      if (problems.length === 1) keep("killed");
      if (reaction === "stop") break;
      plan.cure();
      if (!succeeds(run)) break;
    }
    done++;
  }
  if (done < steps.length) succeeds(leave);
  return { done, problems, ...plan.counts, marker: marker() };
}

function problemOf(work: () => void): { readonly refusal: FileRefusal } | { readonly error: string } | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof FileError ? { refusal: error.refusal } : { error: `${(error as Error).stack}` };
  }
}
