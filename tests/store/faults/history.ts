import { cpSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Id } from "../../../src/avalanche/id.ts";
import type { Digest } from "../../../src/core/digest.ts";

/** What a file holds. The order counts in `chain` alone. */
export interface Facts {
  /** The accepted blocks, from height 0. */
  readonly chain: readonly Id[];
  readonly rejected: readonly Id[];
  /** What is proposed, and in no accepted block. */
  readonly waiting: readonly Digest[];
}

/** One thing that is done to a file. */
export interface Step {
  readonly name: string;
  /** Takes what the file must hold. Once it returned, it is acknowledged; where it was refused, it may be run again. */
  readonly run: (known: Facts) => void;
  readonly after: (before: Facts) => Facts;
  /** What the file may hold where it was refused and not tried again: what it held before, or already what was asked. */
  readonly afterRefusal: (before: Facts) => readonly Facts[];
}

/** Steps in their order, on one file. */
export interface History {
  /** Makes the file that the history begins with, on a sound disk; without it there is none. */
  readonly prepare?: () => void;
  readonly steps: readonly Step[];
  /** Lets go of the file, whatever state it is in. */
  readonly leave: () => void;
  /** What the node knows of the file, in hex; "" for nothing. */
  readonly marker: () => string;
}

/** What must be in the file before each step, and after the last. */
export function factsOf(steps: readonly Step[]): readonly Facts[] {
  let facts: Facts = { chain: [], rejected: [], waiting: [] };
  return [facts, ...steps.map(({ after }) => (facts = after(facts)))];
}

/** A step that is done or not, nothing between; without `after` it changes nothing that counts. */
export function step(name: string, run: Step["run"], after: Step["after"] = (before) => before): Step {
  return { name, run, after, afterRefusal: (before) => [before, after(before)] };
}

/** Runs `close`, but leaves the directory of `file` as it was before: as if the process had been killed. */
export function killed(file: string, close: () => void): void {
  const [disk, kept] = [dirname(file), `${dirname(file)}-kept`];
  cpSync(disk, kept, { recursive: true });
  close();
  rmSync(disk, { recursive: true });
  renameSync(kept, disk);
}
