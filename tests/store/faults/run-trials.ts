import { realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { memoryDirectory } from "../../support/temporary.ts";
import { linesOf } from "../child-process.ts";
import { makeFailingDisk } from "./failing-disk.ts";
import type { Outcome, Trial } from "./trial.ts";

/** The files that a trial left: `end`, and `killed` where something was refused, as of the first refusal. */
export interface Result {
  readonly trial: Trial;
  readonly outcome: Outcome;
  readonly fileOf: (image: "killed" | "end") => string;
}

/** Runs the trials in a process of their own; each line of it must come within a minute. */
export async function* runTrials(history: string, trials: readonly Trial[]): AsyncGenerator<Result> {
  using directory = memoryDirectory();
  const root = realpathSync(directory.path);
  const list = join(root, "trials");
  writeFileSync(list, JSON.stringify(trials));
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "child.ts"), history, list], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, ...makeFailingDisk(root) },
  });
  child.stdin.write(".".repeat(trialsAhead));
  let next = 0;
  let timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  try {
    for await (const line of linesOf(child)) {
      clearTimeout(timer);
      timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      const trial = trials[next] as Trial;
      const images = join(root, `${next++}`);
      yield { trial, outcome: JSON.parse(line), fileOf: (image) => join(images, image, "timestampvm.db") };
      rmSync(images, { recursive: true });
      child.stdin.write(".");
    }
    await child.exited;
    if (next < trials.length)
      throw new Error(`ended ${child.exitCode ?? child.signalCode} in ${JSON.stringify(trials[next])}`);
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
    await child.exited;
  }
}

const patienceMs = 60_000;
const trialsAhead = 8;
