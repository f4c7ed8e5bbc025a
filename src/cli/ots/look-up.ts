import { fetchBlock, type ServedChain } from "../../client/confirmed-block.ts";
import { type Digest, digestBytes, digestFromBytes, digestOf } from "../../core/digest.ts";
import { mostProven } from "../../core/time-claim.ts";
import type { StampedBlock } from "../../proof/block-attestation.ts";
import { checkProof } from "../../proof/block-proof.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { messagesOf } from "../../proof/ots/walk.ts";
import type { Ask } from "../node/connection.ts";
import type { FoundBlock } from "../node/found-blocks.ts";

/** Messages of one file that a node is asked for at most. A file of ours has one that is on the chain. */
export const maxLookUps = 64;

/** A block that carries a message of a proof, or data of which the message is the SHA-256. */
export interface Found {
  readonly message: Uint8Array;
  readonly stamped: StampedBlock;
  /** The same block, with what the node knows of its time. */
  readonly answer: FoundBlock;
}

/**
 * Asks a node for blocks that carry messages of a proof, of which the proof may know nothing. Only messages of 32 bytes
 * are asked for, each once, the file's digest first, and none that rests on a doubtful operation. Rejects as `ask`
 * does, or with a `FetchProofError`.
 */
export async function lookUp(file: OtsFile, served: ServedChain, ask: Ask): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const digest of digestsOf(file)) {
    const answer = await findOne(digest, ask);
    if (answer === undefined) continue;
    const block = await fetchBlock(ask, answer.id, checkProof);
    found.push({ message: Uint8Array.fromHex(digest), stamped: { ...served, block }, answer });
  }
  return found;
}

function digestsOf(file: OtsFile): Iterable<Digest> {
  const messages = messagesOf(file).filter(({ bytes, doubtful }) => !doubtful && bytes.length === digestBytes);
  const digests = new Set<Digest>();
  for (const { bytes } of messages) {
    digests.add(digestFromBytes(bytes));
    if (digests.size === maxLookUps) break;
  }
  return digests;
}

async function findOne(digest: Digest, ask: Ask): Promise<FoundBlock | undefined> {
  return bestOf((await ask("find", { digest })).blocks);
}

/** Asks a node for a block with exactly this data. Rejects like `lookUp`. */
export async function findData(
  data: Uint8Array,
  served: ServedChain,
  ask: Ask,
): Promise<Omit<Found, "message"> | undefined> {
  const { blocks } = await ask("find", { digest: digestOf(data) });
  const answer = bestOf(blocks.filter((block) => block.data === `0x${data.toHex()}`));
  return answer && { stamped: { ...served, block: await fetchBlock(ask, answer.id, checkProof) }, answer };
}

/** The first block that the node confirms; if there is none, the first one. None whose bytes are lost. */
function bestOf(blocks: readonly FoundBlock[]): FoundBlock | undefined {
  return mostProven(blocks.filter(({ reencoded }) => !reencoded));
}
