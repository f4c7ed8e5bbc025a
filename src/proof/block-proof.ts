import { messageOf } from "../avalanche/coded-error.ts";
import { type Block, type BlockSummary, blockIdOf, parseBlock } from "../core/block.ts";
import { digestOf } from "../core/digest.ts";
import { hasMoreValues, isJsonObject, parseExactJson } from "../core/exact-json.ts";
import { parseHex } from "../core/hex.ts";
import { ProofError } from "./errors.ts";
import { type ProofHints, readHints } from "./proof-hints.ts";
import { proofIn } from "./proof-text.ts";

/** What a valid proof proves. */
export interface CheckedProof {
  /** The proven block: it existed, with its data, when block `to` was made. Its timestamp is its proposer's claim. */
  readonly block: Block;
  readonly to: Block;
  /** The number of blocks from `block` to `to`, both included. One block proves nothing before its id has a date. */
  readonly length: number;
  /** What the proof says beside that. It is not checked. */
  readonly says: ProofHints;
}

/**
 * Checks a proof, as parsed JSON, in the form of docs/proof-format.md, which `getProof` gives. Integers are numbers or
 * bigints; those beyond 53 bits must be bigints. Throws "malformed proof", which says what is wrong. It does not show
 * that block `to` is in the chain: the caller must know that from elsewhere.
 */
export function checkProof(value: unknown): CheckedProof {
  const { version, blocks, to: claimedTo, ...claimed } = readObject(value, "it");
  if (toInteger(version) !== 1n) throw malformed("its version is not 1");
  if (!Array.isArray(blocks) || blocks.length === 0) throw malformed("it has no blocks");
  const block = readBlock(blocks[0], 0);
  let to = block;
  for (let i = 1; i < blocks.length; i++) to = expectChild(to, readBlock(blocks[i], i), i);
  expectName(claimed, block, "the proven block");
  if (claimed.digest !== `0x${digestOf(block.data)}`)
    throw malformed("its digest is not that of the proven block's data");
  expectName(readObject(claimedTo, "its member to"), to, "its last block");
  return { block, to, length: blocks.length, says: readHints(claimed) };
}

/**
 * Checks a proof as JSON text, also in a saved reply of `getProof`. Throws like `checkProof`, and a `SyntaxError` if
 * the text is not JSON. Memory and time are linear in the text's length for any text.
 */
export function parseProof(text: string): CheckedProof {
  if (hasMoreValues(text, maxOtherValues + text.length / minBlockLength))
    throw malformed("it has more values than a proof of its length");
  return checkProof(proofIn(parseExactJson(text)));
}

/**
 * The most bytes of a proof's file: enough for half a million small blocks. It holds for all that make and read proofs:
 * what one hands out, every other takes.
 */
export const maxProofFileBytes = 256 * 1024 * 1024;

/** The most values beside the blocks. A dozen are known; others are ignored. */
const maxOtherValues = 1_000;
/** Characters of the shortest block in a proof: the hex of `["PARENT",0,0,""]`, and `"0x",` around it. */
const minBlockLength = 99;

/** Whether the block's id is the hash of its bytes. timestampvm-rs encoded some blocks again. */
export function isProvable({ id, bytes }: Block): boolean {
  return blockIdOf(bytes) === id;
}

/** Throws "no proof" for a block that is not provable. */
export function expectProvable(block: Block): void {
  if (!isProvable(block)) throw new ProofError({ code: "no proof", id: block.id });
}

function expectChild(parent: Block, child: Block, at: number): Block {
  if (child.parentId !== parent.id) throw malformed(`block ${at} is not a child of the one before`);
  if (child.height !== parent.height + 1n) throw malformed(`block ${at} does not have the next height`);
  if (child.timestamp < parent.timestamp) throw malformed(`block ${at} is older than the one before`);
  return child;
}

function expectName(claimed: Readonly<Record<string, unknown>>, block: BlockSummary, what: string): void {
  if (claimed.id !== block.id) throw malformed(`${what} is ${block.id}, not ${quote(claimed.id)}`);
  for (const name of ["height", "timestamp"] as const) {
    const found = claimed[name];
    if (toInteger(found) === block[name]) continue;
    throw malformed(`${what} has ${name} ${block[name]}, not ${typeof found === "string" ? "a text" : quote(found)}`);
  }
}

/** Gives a bigint, or an integer number of at most 53 bits, as bigint. Undefined for any other value. */
function toInteger(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** A claimed value, shortened for an error. The text of an object is not used: it may be anything, or throw. */
function quote(claimed: unknown): string {
  if (typeof claimed === "object" && claimed !== null) return Array.isArray(claimed) ? "a list" : "an object";
  const text = String(claimed);
  return text.length <= maxQuotedLength ? text : `${text.slice(0, maxQuotedLength)}…`;
}

/** Characters: enough for an id. */
const maxQuotedLength = 60;

function readBlock(text: unknown, at: number): Block {
  try {
    return parseBlock(readHex(text));
  } catch (error) {
    throw malformed(`block ${at}: ${messageOf(error)}`);
  }
}

function readHex(text: unknown): Uint8Array {
  const bytes = typeof text === "string" ? parseHex(text) : undefined;
  if (bytes === undefined) throw new Error("not 0x and pairs of hex digits");
  return bytes;
}

function readObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value;
  throw malformed(`${what} is not a JSON object`);
}

function malformed(problem: string): ProofError {
  return new ProofError({ code: "malformed proof", problem });
}
