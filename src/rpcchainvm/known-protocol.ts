import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeProcess } from "./node-process.ts";

/** What a node has let us know of its protocol. */
export interface Known {
  readonly version: number;
  /** The one that it refused; undefined when it took `version`. */
  readonly refused: number | undefined;
}

/**
 * What this run of the node has taken or refused, for the processes that it starts later: among the temporary files, since
 * a node that finds a strange file in its plugins folder does not start. A later run of the node knows nothing of it, so
 * that it cannot outlive its truth.
 */
export class KnownProtocol {
  readonly #directory: string;
  readonly #name: string;

  /** Undefined when this run of the node cannot be told from others. */
  static async of(node: NodeProcess): Promise<KnownProtocol | undefined> {
    const identity = await node.identify();
    return identity === undefined ? undefined : new KnownProtocol(node.pid, identity, tmpdir());
  }

  constructor(pid: number, identity: string, directory: string) {
    const hash = createHash("sha256").update(identity).digest("hex").slice(0, 32);
    this.#directory = directory;
    this.#name = `timestampvm-protocol-${pid}-${hash}`;
  }

  /** Undefined where there is nothing, or where someone else wrote it. */
  recall(): Known | undefined {
    try {
      const [, version, refused] = /^(\d{1,9})(?: not (\d{1,9}))?\n$/.exec(readOwn(this.#file) ?? "") ?? [];
      if (version === undefined) return undefined;
      return { version: Number(version), refused: refused === undefined ? undefined : Number(refused) };
    } catch {
      return undefined;
    }
  }

  /** Replaces the file as a whole, and removes those of nodes that are gone. Throws what the file system says. */
  remember({ version, refused }: Known): void {
    const whole = `${this.#file}.${randomBytes(8).toString("hex")}`;
    try {
      const text = refused === undefined ? `${version}\n` : `${version} not ${refused}\n`;
      writeFileSync(whole, text, { mode: 0o600, flag: "wx" });
      renameSync(whole, this.#file);
    } catch (error) {
      rmSync(whole, { force: true });
      throw error;
    }
    this.#forgetOthers();
  }

  get #file(): string {
    return join(this.#directory, this.#name);
  }

  #forgetOthers(): void {
    for (const name of readdirSync(this.#directory)) {
      const [, pid] = /^timestampvm-protocol-(\d+)-[0-9a-f]{32}$/.exec(name) ?? [];
      if (pid !== undefined && name !== this.#name && isGone(Number(pid))) rmSync(join(this.#directory, name));
    }
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === "ESRCH";
  }
}

/** Everyone may write there. */
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
