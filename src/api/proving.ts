import type { ResultOf } from "../client/contract.ts";
import { formatDigest, formatHex } from "../client/params.ts";
import { type Block, summaryOf } from "../core/block.ts";
import { type Digest, digestBytes, digestOf, isDigest } from "../core/digest.ts";
import { expectProvable, isProvable } from "../proof/block-proof.ts";
import type { Caller } from "../vm/caller.ts";
import type { ConfirmedBlocks } from "../vm/chain-view.ts";
import type { Identity } from "../vm/identity.ts";
import type { Implementation } from "./checked-methods.ts";
import { InvalidParams } from "./invalid-params.ts";
import { expectBlock } from "./reading.ts";

/** Blocks of a proof in one reply at most. */
export const maxProofBlocks = 1_000;
/** A part of a proof ends after so many bytes of blocks. */
export const maxProofBytes = 1024 * 1024;

/** The method that gives proofs. */
export function createProvingMethods(chain: ConfirmedBlocks, identity: Identity): Pick<Implementation, "getProof"> {
  return {
    getProof: ({ proven, to }, caller) =>
      caller.doLong(async () => {
        const found = "id" in proven ? chain.getBlock(proven.id) : firstProvable(chain.find(proven.digest));
        await caller.pause();
        const block = expectBlock(found);
        const end = to === undefined ? heightAfter(block, chain) : expectBlock(chain.getBlock(to)).height;
        const sha256 = "digest" in proven && isStampOf(proven.digest, block) ? formatDigest(proven.digest) : undefined;
        return prove(chain, block, end, { ...originOf(chain, identity), sha256 }, caller);
      }),
  };
}

/** The most blocks with one digest that are looked at for one that is provable. */
const maxLookedAt = 16;

/** The first block that is provable; the very first if there is none among the first `maxLookedAt`. */
function firstProvable(blocks: Generator<Block, void>): Block | undefined {
  let first: Block | undefined;
  for (const block of blocks.take(maxLookedAt)) {
    if (isProvable(block)) return block;
    first ??= block;
  }
  return first;
}

/** Whether a digest is surely that of what was stamped: 32 bytes on the chain may be the digest of other data. */
function isStampOf(digest: Digest, { data }: Block): boolean {
  return isDigest(data, digest) || data.length !== digestBytes;
}

/** The height of the block's child; of the block itself if there is no child, or no proof that goes through it. */
function heightAfter({ height }: Block, chain: ConfirmedBlocks): bigint {
  const child = chain.getBlockAtHeight(height + 1n);
  return child !== undefined && isProvable(child) ? child.height : height;
}

type Proof = ResultOf<"getProof">["proof"];
type Origin = Pick<Proof, "network" | "chain" | "genesis" | "program">;

/** Where a proof comes from, for people. */
function originOf(chain: ConfirmedBlocks, { networkId, chainId, version }: Identity): Origin {
  return {
    network: networkId === undefined ? undefined : BigInt(networkId),
    chain: chainId,
    genesis: chain.getListingAtHeight(0n)?.id,
    program: `timestampvm ${version}`,
  };
}

async function prove(
  chain: ConfirmedBlocks,
  block: Block,
  end: bigint,
  hints: Origin & Pick<Proof, "sha256">,
  caller: Caller,
): Promise<ResultOf<"getProof">> {
  if (end < block.height) throw new InvalidParams("to must not be before the block", "to");
  const blocks: string[] = [];
  let bytes = 0;
  let last = block;
  for (const next of chain.blocksFrom(block.height, "ascending")) {
    bytes += next.bytes.length;
    // At least two blocks: else the next part would begin where this one does.
    if (blocks.length >= maxProofBlocks || (blocks.length > 1 && bytes > maxProofBytes)) break;
    expectProvable(next);
    blocks.push(formatHex(next.bytes));
    last = next;
    if (next.height === end) break;
    await caller.pause();
  }
  const proof = {
    version: 1n,
    ...summaryOf(block),
    digest: formatDigest(digestOf(block.data)),
    to: summaryOf(last),
    ...hints,
    blocks,
  } as const;
  return { proof, next: last.height < end ? last.id : undefined };
}
