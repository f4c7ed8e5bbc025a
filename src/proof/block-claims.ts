import { equalBytes } from "../avalanche/id.ts";
import { messageOfBlock, readBlockAttestation, type StampedBlock } from "./block-attestation.ts";
import type { OtsFile } from "./ots/timestamp.ts";
import { type Message, messagesOf } from "./ots/walk.ts";

/** What an `.ots` file claims of a block: `problem` says why that proves nothing, whatever the chain has. */
export type BlockClaim =
  /** The file's digest leads to the block's data. If the block is one of the chain, the file existed before it. */
  | ({ readonly kind: "block" } & StampedBlock)
  | { readonly kind: "newer"; readonly form: bigint }
  | { readonly kind: "unsound"; readonly problem: string };

/** All that a file says of blocks of this VM, in the order of the file. Asks nobody. */
export function blockClaimsOf(file: OtsFile): readonly BlockClaim[] {
  return messagesOf(file).flatMap(blockClaimsAt).toArray();
}

/** What a proof claims of blocks at one of its messages. */
export function blockClaimsAt({ bytes, doubtful, timestamp }: Message): readonly BlockClaim[] {
  return timestamp.attestations.flatMap((attestation): readonly BlockClaim[] => {
    const read = readBlockAttestation(attestation);
    if (read === undefined) return [];
    if (read.kind === "newer") return [read];
    if (read.kind === "malformed") return [unsound(`its block is malformed: ${read.problem}`)];
    if (doubtful !== undefined) return [unsound(`it rests on ${doubtful}, and not on SHA-256 alone`)];
    if (!equalBytes(bytes, messageOfBlock(read.block))) {
      return [unsound(`its block ${read.block.id} carries something else`)];
    }
    return [read];
  });
}

function unsound(problem: string): BlockClaim {
  return { kind: "unsound", problem };
}

/** Blocks of one proof of which a node is asked, each once. The lowest first: that order is proven. */
export function blocksToAsk(blocks: readonly StampedBlock[]): readonly StampedBlock[] {
  const byKey = new Map(blocks.map((stamped) => [keyOf(stamped), stamped]));
  return [...byKey.values()].toSorted((a, b) => Number(a.block.height - b.block.height)).slice(0, maxAsked);
}

/** Whoever makes a file can write thousands of blocks into it. */
const maxAsked = 64;

/** The chain counts: one proof may say the truth of a block, and another one not. */
export function keyOf({ block, chain, network }: StampedBlock): string {
  return `${block.id} ${chain} ${network}`;
}
