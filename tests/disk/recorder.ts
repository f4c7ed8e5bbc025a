import { dlopen, FFIType } from "bun:ffi";
import { spawnSync } from "node:child_process";
import { readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const compiler = Bun.which("cc") ?? Bun.which("gcc");

/** Why no disk can be watched here; undefined where one can. */
export const noRecorder: string | undefined =
  process.platform !== "linux" ? "not Linux" : compiler === null ? "no C compiler" : undefined;

/** In the order of `enum kind` in `recorder.c`. */
const kinds = ["write", "truncate", "sync begins", "sync ends", "unlink", "note", "rename"] as const;

/** For a process that is recorded: says something about itself, between what it does. */
export function openNotes(): (text: string) => void {
  const { symbols } = dlopen(process.env.LD_PRELOAD ?? "", { say: { args: [FFIType.cstring], returns: FFIType.void } });
  return (text) => symbols.say(Buffer.from(`${text}\0`));
}

/** One thing that a process did to a file; `recorder.c` says what the members mean. */
export interface Step {
  readonly kind: (typeof kinds)[number];
  /** 0 for the main one. */
  readonly thread: number;
  /** The file's name in the directory; "" for that itself. */
  readonly name: string;
  readonly at: number;
  /** What was written; of a "rename", the new name. */
  readonly data: Uint8Array;
}

/** Watches what a process does to the files of one directory, and makes the syncs of it stall. */
export class Recorder {
  /** For the environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #journal: string;
  readonly #stall: string;

  /** Keeps its own files in `root`. The directory `disk` must be there. */
  constructor(root: string, disk: string) {
    const library = join(root, "recorder.so");
    const source = join(import.meta.dir, "recorder.c");
    const options = ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl", "-lpthread"];
    const { status, stderr } = spawnSync(compiler ?? "cc", options);
    if (status !== 0) throw new Error(`${compiler}: ${stderr}`);
    this.#journal = join(root, "journal");
    this.#stall = join(root, "stall");
    this.environment = { LD_PRELOAD: library, DISK: realpathSync(disk), JOURNAL: this.#journal, STALL: this.#stall };
  }

  /** From now on no sync begins. */
  stall(): void {
    writeFileSync(this.#stall, "");
  }

  goOn(): void {
    rmSync(this.#stall);
  }

  /** What was done so far, in the order in which it was done. */
  steps(): readonly Step[] {
    const journal = readFileSync(this.#journal);
    const steps: Step[] = [];
    for (let at = 0; at < journal.length; ) {
      const [kind = 0, thread = 0, nameBytes = 0, dataBytes = 0] = [0, 4, 8, 12].map((o) =>
        journal.readUInt32LE(at + o),
      );
      const offset = Number(journal.readBigUInt64LE(at + 16));
      const nameAt = at + 24;
      const dataAt = nameAt + nameBytes;
      at = dataAt + dataBytes;
      const name = journal.toString("utf8", nameAt, dataAt);
      steps.push({ kind: kinds[kind] ?? "write", thread, name, at: offset, data: journal.subarray(dataAt, at) });
    }
    return steps;
  }
}
