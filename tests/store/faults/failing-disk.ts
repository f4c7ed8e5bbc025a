import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

/** In the order of `enum calls` in `shim.c`. */
export const callKinds = ["changes", "syncs", "reads", "opens"] as const;

/** What goes wrong with a disk. Calls count from 1; `shim.c` says which. */
export interface Fault {
  readonly from: number;
  readonly to: number;
  readonly error: keyof typeof constants.errno;
  /** Whether a write that fails has written half of its bytes. */
  readonly torn: boolean;
  readonly calls: (typeof callKinds)[number];
}

const compiler = Bun.which("cc") ?? Bun.which("gcc");

/** Why no disk can be made to fail here; undefined where one can. */
export const noFailingDisk: string | undefined =
  process.platform !== "linux" ? "not Linux" : compiler === null ? "no C compiler" : undefined;

/** A directory `disk` in `root`, and what a process needs in its environment so that it fails on demand. */
export function makeFailingDisk(root: string): Readonly<Record<string, string>> {
  const shim = join(root, "shim.so");
  const source = join(import.meta.dir, "shim.c");
  const { status, stderr } = spawnSync(compiler ?? "cc", ["-shared", "-fPIC", "-O2", "-o", shim, source, "-ldl"]);
  if (status !== 0) throw new Error(`${compiler}: ${stderr}`);
  const plan = join(root, "plan");
  writeFileSync(plan, new Uint8Array(planBytes));
  return { LD_PRELOAD: shim, DISK: join(root, "disk"), PLAN: plan };
}

/** The plan of this process's own disk: what fails, and what came. */
export class Plan {
  readonly #file: number;

  /** For a process with the environment of `makeFailingDisk`. */
  constructor() {
    this.#file = openSync(process.env.PLAN ?? "", "r+");
  }

  /** Counts calls from 0, and lets them fail. */
  begin({ from, to, error, torn, calls }: Fault): void {
    const numbers = [0, 0, from, to, constants.errno[error], torn ? 1 : 0, callKinds.indexOf(calls)];
    writeSync(this.#file, new Uint8Array(Int32Array.from(numbers).buffer), 0, planBytes, 0);
  }

  /** From now on nothing fails. */
  cure(): void {
    writeSync(this.#file, new Uint8Array(4), 0, 4, 8);
  }

  /** How many calls came since it began, and how many of them failed. */
  get counts(): { readonly calls: number; readonly failed: number } {
    const numbers = new Int32Array(2);
    readSync(this.#file, new Uint8Array(numbers.buffer), 0, 8, 0);
    return { calls: numbers[0] ?? 0, failed: numbers[1] ?? 0 };
  }

  close(): void {
    closeSync(this.#file);
  }
}

const planBytes = 7 * 4;
