import type { Block } from "../core/block.ts";
import { type Digest, digestOf, isDigest } from "../core/digest.ts";
import { formatNumber } from "../core/format.ts";
import { type CheckedProof, parseProof } from "../proof/block-proof.ts";
import { ProofError } from "../proof/errors.ts";
import { CommandFailed } from "./command-failed.ts";
import { readData } from "./read-source.ts";
import type { DataSource } from "./source.ts";
import type { Output } from "./terminal/output.ts";

/** Room for half a million small blocks. */
export const maxProofFileBytes = 256 * 1024 * 1024;

/** Reads a proof and checks it. Throws "command failed" with what does not hold. */
export function readProof(source: Exclude<DataSource, { kind: "text" }>, output: Output): CheckedProof {
  const name = source.kind === "file" ? source.path : "standard input";
  try {
    return parseProof(readText(source, output));
  } catch (error) {
    if (error instanceof ProofError) throw new CommandFailed(`${name}: ${error.message}`);
    if (unreadable.some((kind) => error instanceof kind)) throw new CommandFailed(`${name}: it is not JSON`);
    throw error;
  }
}

/** A function of its own, so that the bytes need no memory while the text is parsed. */
function readText(source: DataSource, output: Output): string {
  return utf8.decode(readData(source, maxProofFileBytes, output).data);
}

/** What engines throw for text that is not JSON, and for bytes that are not UTF-8. */
const unreadable = [SyntaxError, TypeError];

/** Collects the blocks of all parts of a proof: no more than `readProof` reads. */
export class JoinedBlocks {
  readonly hex: string[] = [];
  readonly #maxBytes: number;
  #bytes = spaceBesideBlocks;

  constructor(maxBytes = maxProofFileBytes) {
    this.#maxBytes = maxBytes;
  }

  add(hex: readonly string[]): void {
    for (const block of hex) this.#bytes += block.length + spaceBetweenBlocks;
    if (this.#bytes > this.#maxBytes) {
      const limit = `${formatNumber(this.#maxBytes)} bytes that a proof may have`;
      throw new CommandFailed(`so many blocks are more than the ${limit}: name an earlier one with --to`);
    }
    for (const block of hex) this.hex.push(block);
  }
}

/** Bytes of JSON: quotes and comma. */
const spaceBetweenBlocks = 3;
const spaceBesideBlocks = 1_000;

/** Takes the SHA-256 of data. Says whether a block carries the data or this SHA-256; undefined for neither. */
export function matchOf({ data }: Block, digest: Digest): "data" | "digest" | undefined {
  if (digestOf(data) === digest) return "data";
  return isDigest(data, digest) ? "digest" : undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
