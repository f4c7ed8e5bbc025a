import { CodedError } from "../avalanche/coded-error.ts";
import type { Id } from "../avalanche/id.ts";

/** Every reason to refuse a block, a call of consensus or a proposal, with the data that explains it. */
export type ChainRefusal =
  // Malformed or too large input.
  | { readonly code: "malformed block"; readonly problem: string }
  | { readonly code: "malformed genesis"; readonly problem: string }
  | { readonly code: "malformed config"; readonly problem: string }
  | { readonly code: "data too large"; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: "mempool full"; readonly items: number; readonly bytes: number }
  // The rules between a block and its parent.
  | { readonly code: "unknown parent"; readonly parentId: Id }
  | { readonly code: "wrong height"; readonly height: bigint; readonly parentHeight: bigint }
  | { readonly code: "timestamp before parent"; readonly timestamp: bigint; readonly parentTimestamp: bigint }
  | { readonly code: "future timestamp"; readonly timestamp: bigint; readonly now: bigint }
  | { readonly code: "unknown block" }
  // Calls of consensus.
  | { readonly code: "nothing to build" }
  | { readonly code: "too early"; readonly waitMs: number }
  | { readonly code: "height decided"; readonly height: bigint; readonly lastAcceptedHeight: bigint }
  | { readonly code: "too many processing"; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: "not processing"; readonly id: Id }
  | { readonly code: "already accepted"; readonly id: Id }
  | { readonly code: "already rejected"; readonly id: Id }
  | { readonly code: "not next"; readonly id: Id; readonly parentId: Id; readonly lastAcceptedId: Id }
  | { readonly code: "shut down" }
  // Reasons why health fails.
  | { readonly code: "clock behind"; readonly seconds: bigint }
  | { readonly code: "proposals wait"; readonly items: number; readonly seconds: number };

/** A refusal because of the rules of blocks, or the state of the chain. */
export class ChainError extends CodedError<ChainRefusal> {
  override readonly name = "ChainError";

  constructor(refusal: ChainRefusal, options?: ErrorOptions) {
    super(refusal, describe(refusal), options);
  }
}

/** Gives a thrown value that must be a `ChainError`. Throws any other value again: it is a bug. */
export function expectChainError(error: unknown): ChainError {
  if (error instanceof ChainError) return error;
  throw error;
}

function describe(refusal: ChainRefusal): string {
  switch (refusal.code) {
    case "malformed block":
      return `malformed block: ${refusal.problem}`;
    case "malformed genesis":
      return `malformed genesis: ${refusal.problem}`;
    case "malformed config":
      return `malformed chain config: ${refusal.problem}`;
    case "data too large":
      // The words of timestampvm-rs (vm/mod.rs:147), which clients know.
      return `data ${refusal.bytes}-byte exceeds the limit ${refusal.maxBytes}-byte`;
    case "mempool full":
      return (
        `mempool full: ${refusal.items} proposals of ${refusal.bytes} bytes are waiting for a block, ` +
        "try again later"
      );
    case "unknown block":
      return "not found"; // the words of timestampvm-rs as well
    case "unknown parent":
      return `unknown parent ${refusal.parentId}`;
    case "wrong height":
      return `height ${refusal.height} does not follow the parent's height ${refusal.parentHeight}`;
    case "timestamp before parent":
      return `timestamp ${refusal.timestamp} is before the parent's timestamp ${refusal.parentTimestamp}`;
    case "future timestamp":
      return `timestamp ${refusal.timestamp} is too far ahead of local time ${refusal.now}`;
    case "nothing to build":
      return "nothing to build: no proposal is waiting for a block";
    case "too early":
      return `too early: the settings ask for another ${refusal.waitMs} ms before the next block`;
    case "height decided":
      return `height ${refusal.height} is decided: the last accepted block has height ${refusal.lastAcceptedHeight}`;
    case "too many processing":
      return `undecided blocks hold ${refusal.bytes} bytes, the limit is ${refusal.maxBytes}`;
    case "not processing":
      return `block ${refusal.id} is not processing: it was never verified`;
    case "already accepted":
      return `block ${refusal.id} is accepted already`;
    case "already rejected":
      return `block ${refusal.id} is rejected already`;
    case "not next":
      return (
        `block ${refusal.id} has parent ${refusal.parentId}, ` +
        `but the last accepted block is ${refusal.lastAcceptedId}`
      );
    case "shut down":
      return "the VM is shut down";
    case "clock behind":
      return (
        `the preferred block is ${refusal.seconds} s ahead of the local clock, ` +
        "too far to build on it: set the clock if it is wrong, or wait"
      );
    case "proposals wait":
      return `${refusal.items} proposals wait for a block, the oldest for ${refusal.seconds} s`;
  }
}
