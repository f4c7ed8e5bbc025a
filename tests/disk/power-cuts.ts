import type { Random } from "../simulation/random.ts";
import type { Step } from "./recorder.ts";

/** What a power cut makes of writes that were not synced: none of them is there, all are, or pages of them. */
export const losses = ["all", "none", "some"] as const;
export type Loss = (typeof losses)[number];

/** Bytes that a disk writes as a whole. */
const pageBytes = 4_096;

/** One file: what is on the disk for sure, and what was done to it since, which may be there or not. */
export class CutFile {
  #synced: Uint8Array;
  #unsynced: Step[] = [];
  readonly #syncs = new Map<number, number>();

  constructor(synced: Uint8Array = new Uint8Array()) {
    this.#synced = synced;
  }

  add(step: Step): void {
    if (step.kind === "sync begins") this.#syncs.set(step.thread, this.#unsynced.length);
    else if (step.kind === "sync ends") this.#endSync(step.thread);
    else this.#unsynced.push(step);
  }

  #endSync(thread: number): void {
    const count = this.#syncs.get(thread) ?? 0;
    this.#synced = applyAll(this.#synced, this.#unsynced.splice(0, count));
    // Another sync, which is under way, had begun with so many steps more.
    for (const [other, steps] of this.#syncs) this.#syncs.set(other, Math.max(0, steps - count));
  }

  /** What is there after a power cut. A truncation that was not synced is undone only with all that came after it. */
  contents(loss: Loss, random: Random): Uint8Array {
    if (loss === "all") return this.#synced;
    if (loss === "none") return applyAll(this.#synced, this.#unsynced);
    const truncations = this.#unsynced.flatMap(({ kind }, index) => (kind === "write" ? [] : [index]));
    const done = this.#unsynced.slice(0, random.pick([...truncations, this.#unsynced.length]));
    const isKept = ({ kind }: Step) => kind !== "write" || random.chance(0.5);
    return applyAll(this.#synced, done.flatMap(pagesOf).filter(isKept));
  }
}

function pagesOf(step: Step): Step[] {
  if (step.kind !== "write") return [step];
  const pages: Step[] = [];
  for (let at = step.at; at < step.at + step.data.length; ) {
    const end = Math.min(step.at + step.data.length, (Math.floor(at / pageBytes) + 1) * pageBytes);
    pages.push({ ...step, at, data: step.data.subarray(at - step.at, end - step.at) });
    at = end;
  }
  return pages;
}

function applyAll(contents: Uint8Array, steps: readonly Step[]): Uint8Array<ArrayBuffer> {
  let length = contents.length;
  const end = steps.reduce((most, { at, data }) => Math.max(most, at + data.length), length);
  const bytes = new Uint8Array(end);
  bytes.set(contents);
  for (const { kind, at, data } of steps) {
    if (kind === "write") {
      bytes.set(data, at);
      length = Math.max(length, at + data.length);
    } else {
      const left = kind === "unlink" ? 0 : at;
      if (left < length) bytes.fill(0, left, length);
      length = left;
    }
  }
  return bytes.slice(0, length);
}

/** The files of a directory as a power cut may leave them, step by step. */
export class CutDisk {
  readonly #files = new Map<string, CutFile>();

  add(step: Step): void {
    this.#files.getOrInsertComputed(step.name, () => new CutFile()).add(step);
  }

  contents(name: string, loss: Loss, random: Random): Uint8Array {
    return this.#files.get(name)?.contents(loss, random) ?? new Uint8Array();
  }
}
