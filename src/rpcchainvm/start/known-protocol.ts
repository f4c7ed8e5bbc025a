import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "../../avalanche/coded-error.ts";
import { sha256 } from "../../avalanche/sha256.ts";
import type { NodeProcess } from "./node-process.ts";

/** What we have learnt of a node's protocol. */
export interface Known {
  readonly version: number;
  /** The protocol that the node refused; undefined when it took `version`. */
  readonly refused: number | undefined;
}

/**
 * Remembers the protocol that this run of the node has taken or refused, for the processes that it starts later. The
 * file is in the folder for temporary files, since a node does not start when its plugins folder holds an unknown file.
 * A later run of the node ignores it, since it may be another release.
 */
export class KnownProtocol {
  readonly #directory: string;
  /** How the names of all files of this VM begin. */
  readonly #prefix: string;
  readonly #name: string;

  /** Undefined when this run of the node cannot be distinguished from others. */
  static async of(vmName: string, node: NodeProcess): Promise<KnownProtocol | undefined> {
    const identity = await node.identify();
    return identity === undefined ? undefined : new KnownProtocol(vmName, node.pid, identity, tmpdir());
  }

  constructor(vmName: string, pid: number, identity: string, directory: string) {
    const hash = sha256(new TextEncoder().encode(identity)).toHex().slice(0, 32);
    this.#directory = directory;
    this.#prefix = `${vmName.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-protocol-`;
    this.#name = `${this.#prefix}${pid}-${hash}-`;
  }

  /** The last that was remembered. Undefined where there is nothing, or where someone else wrote it. */
  recall(): Known | undefined {
    const newestFirst = this.#findOwn().sort((a, b) => b.writtenMs - a.writtenMs);
    for (const { file, name } of newestFirst) {
      const known = name.startsWith(this.#name) ? readKnown(file) : undefined;
      if (known !== undefined) return known;
    }
    return undefined;
  }

  /**
   * Writes a new file under a random name, which nobody else can have taken, then removes older files and those of
   * nodes that are gone. Throws the system's error if it cannot write. A file that cannot be removed stays.
   */
  remember({ version, refused }: Known): void {
    const before = this.#findOwn();
    const file = join(this.#directory, this.#name + randomBytes(8).toString("hex"));
    try {
      const text = refused === undefined ? `${version}\n` : `${version} not ${refused}\n`;
      writeFileSync(file, text, { mode: 0o600, flag: "wx" });
    } catch (error) {
      tryToRemove(file);
      throw error;
    }
    for (const { file, name, pid } of before) if (name.startsWith(this.#name) || isGone(pid)) tryToRemove(file);
  }

  /** Everyone may write to this folder: directories, links and other users' files are left alone. */
  #findOwn(): OwnFile[] {
    try {
      return readdirSync(this.#directory).flatMap((name) => findOwn(this.#directory, this.#prefix, name) ?? []);
    } catch {
      return [];
    }
  }
}

interface OwnFile {
  readonly file: string;
  readonly name: string;
  /** The process id of the node that the file is about. */
  readonly pid: number;
  /** Unix milliseconds. */
  readonly writtenMs: number;
}

function findOwn(directory: string, prefix: string, name: string): OwnFile | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const [, pid] = /^(\d{1,10})-[0-9a-f]{32}-[0-9a-f]{16}$/.exec(name.slice(prefix.length)) ?? [];
  if (pid === undefined) return undefined;
  const file = join(directory, name);
  const status = lstatSync(file, { throwIfNoEntry: false });
  if (!status?.isFile() || status.uid !== process.geteuid?.()) return undefined;
  return { file, name, pid: Number(pid), writtenMs: status.mtimeMs };
}

function tryToRemove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It is removed another time, or by whatever cleans the folder.
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

function readKnown(file: string): Known | undefined {
  try {
    const [, version, refused] = /^(\d{1,9})(?: not (\d{1,9}))?\n$/.exec(readOwn(file) ?? "") ?? [];
    if (version === undefined) return undefined;
    return { version: Number(version), refused: refused === undefined ? undefined : Number(refused) };
  } catch {
    return undefined;
  }
}

/** Checks the open file: under its name there may be another one by now. */
function readOwn(file: string): string | undefined {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    const isOwn = stat.isFile() && stat.uid === process.geteuid?.() && stat.size < maxFileBytes;
    return isOwn ? readFileSync(descriptor, "utf8") : undefined;
  } finally {
    closeSync(descriptor);
  }
}

const maxFileBytes = 32;
