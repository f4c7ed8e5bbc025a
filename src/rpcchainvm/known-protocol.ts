import { createHash, randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeProcess } from "./node-process.ts";

/**
 * What a node said of its protocol when it refused ours, for the next process that it starts: among the temporary files,
 * since a node that finds a strange file in its plugins folder does not start. It is about this run of the node alone, so
 * that it cannot outlive its truth.
 */
export class KnownProtocol {
  readonly #file: string;

  /** Undefined when this run of the node cannot be told from others. */
  static async of(node: NodeProcess): Promise<KnownProtocol | undefined> {
    const identity = await node.identify();
    return identity === undefined ? undefined : new KnownProtocol(identity, tmpdir());
  }

  constructor(node: string, directory: string) {
    const name = createHash("sha256").update(node).digest("hex").slice(0, 32);
    this.#file = join(directory, `timestampvm-protocol-${name}`);
  }

  /** Undefined where there is nothing, or where someone else wrote it. */
  recall(): number | undefined {
    try {
      const text = readOwn(this.#file);
      return text !== undefined && /^\d{1,9}\n$/.test(text) ? Number(text) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Replaces the file as a whole. Throws what the file system says. */
  remember(protocol: number): void {
    const whole = `${this.#file}-${randomBytes(8).toString("hex")}`;
    try {
      writeFileSync(whole, `${protocol}\n`, { mode: 0o600, flag: "wx" });
      renameSync(whole, this.#file);
    } catch (error) {
      rmSync(whole, { force: true });
      throw error;
    }
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
