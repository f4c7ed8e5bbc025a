import type { Random } from "../simulation/random.ts";
import { CutFile, type Loss } from "./power-cuts.ts";
import type { Step } from "./recorder.ts";

/** What gives a name to a file, or takes it away: on the disk for sure when the directory is synced. */
type Naming = (names: Map<string, CutFile>) => void;

/**
 * A directory as a power cut may leave it: its files, and which names they have. Names that were not synced are lost,
 * kept, or kept in part, each by itself.
 */
export class CutDirectory {
  #names: Map<string, CutFile>;
  #synced: ReadonlyMap<string, CutFile>;
  #unsynced: Naming[] = [];

  /** Takes what is on the disk at the beginning. */
  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#names = new Map([...files].map(([name, bytes]) => [name, new CutFile(bytes)]));
    this.#synced = new Map(this.#names);
  }

  add(step: Step): void {
    const { kind, name } = step;
    if (kind === "note") return;
    if (name === "") {
      if (kind === "sync ends") this.#syncNames();
    } else if (kind === "unlink") this.#name((names) => names.delete(name));
    else if (kind === "rename") this.#rename(name, new TextDecoder().decode(step.data));
    else this.#fileOf(name)?.add(step);
  }

  /** The files, by their names. */
  contents(loss: Loss, random: Random): ReadonlyMap<string, Uint8Array> {
    const names = new Map(this.#synced);
    for (const naming of this.#unsynced) if (isKept(loss, random)) naming(names);
    return new Map([...names].map(([name, file]) => [name, file.contents(loss, random)]));
  }

  /** As the process saw them: what is left when it alone is killed. */
  get seen(): ReadonlyMap<string, CutFile> {
    return this.#names;
  }

  #syncNames(): void {
    this.#synced = new Map(this.#names);
    this.#unsynced = [];
  }

  #name(naming: Naming): void {
    naming(this.#names);
    this.#unsynced.push(naming);
  }

  #rename(from: string, to: string): void {
    const file = this.#names.get(from);
    if (file === undefined) throw new Error(`${from} is renamed, and is not there`);
    this.#name((names) => {
      names.delete(from);
      names.set(to, file);
    });
  }

  /** Undefined for a file that has lost its name. */
  #fileOf(name: string): CutFile | undefined {
    if (name.endsWith(" (deleted)")) return undefined;
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const file = new CutFile();
    this.#name((names) => names.set(name, file));
    return file;
  }
}

function isKept(loss: Loss, random: Random): boolean {
  return loss === "none" || (loss === "some" && random.chance(0.5));
}
