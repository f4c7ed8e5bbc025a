import { readFileSync, writeFileSync } from "node:fs";
import { parseId } from "../../src/avalanche/id.ts";
import { parseBlock } from "../../src/core/block.ts";
import {
  type Attestation,
  createTimestamp,
  leadTo,
  mergeTimestamps,
  type Op,
  type StampedBlock,
  type Timestamp,
  timestampByBlock,
  writeOts,
} from "../../src/proof/index.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { sha256, type TestChain } from "./node-support.ts";

// Proofs for the tests of commands. Messages and digests are in hex.

export const calendar: Attestation = { kind: "pending", uri: "https://calendar.example.org" };
export const hash: Op = { kind: "sha256" };

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex);
}

export function append(hex: string): Op {
  return { kind: "append", bytes: bytesOf(hex) };
}

/** Attestations of one message. */
export function saying(...attestations: readonly Attestation[]): Timestamp {
  return createTimestamp(attestations, []);
}

/** What a calendar promises of a message, behind a nonce, as it is in a file of the stock client. */
export function promised(end = saying(calendar)): Timestamp {
  return leadTo(end, [append("00112233445566778899aabbccddeeff"), hash]);
}

export function byBlock(message: string, stamped: StampedBlock): Timestamp {
  const timestamp = timestampByBlock(bytesOf(message), stamped);
  if (timestamp === undefined) throw new Error("the block carries something else");
  return timestamp;
}

/** The bytes that a chain has of its block at a height, without the code under test. */
export async function stampedAt(height: number, chain: TestChain): Promise<StampedBlock> {
  const { block } = await chain.call("getBlockByHeight", { height });
  const { proof } = await chain.call("getProof", { id: block.id, to: block.id });
  const bytes = bytesOf(proof.blocks[0].slice(2));
  return { network: 0n, chain: parseId(chain.genesisId), block: parseBlock(bytes) };
}

/** A directory with proofs. */
export class ProofFolder implements Disposable {
  readonly #directory: TemporaryDirectory = temporaryDirectory();

  file(name: string): string {
    return this.#directory.file(name);
  }

  /** Writes the proof of a file with this content, and gives its path. */
  write(name: string, content: string, ...timestamps: readonly Timestamp[]): string {
    const path = this.file(`${name}.ots`);
    writeFileSync(path, otsOf(content, ...timestamps));
    return path;
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

/** The bytes of a proof of a file with this content. */
export function otsOf(content: string, ...timestamps: readonly Timestamp[]): Buffer {
  const digest = bytesOf(sha256(content));
  return Buffer.from(writeOts({ hash: "sha256", digest, timestamp: mergeTimestamps(...timestamps) }));
}

/** Undefined if there is no such file. */
export function readIf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
