import { type Block, summaryOf } from "../core/block.ts";
import { type Digest, digestOf, isDigest } from "../core/digest.ts";
import { VmError } from "../core/errors.ts";
import { expectProvable } from "../core/proof.ts";
import type { ConfirmedChain } from "../vm/confirmed-chain.ts";
import type { Implementation } from "./checked.ts";
import { maxPageBytes, type ResultOf } from "./contract.ts";
import { InvalidParams } from "./json-rpc.ts";
import { ownTurn } from "./turns.ts";
import { formatDigest, formatHex } from "./values.ts";

/** Blocks of a proof in one reply at most: what is read and checked in some tens of milliseconds. */
export const maxProofBlocks = 1_000;
/** Bytes of blocks after which the part of a proof in one reply ends. */
export const maxProofBytes = 4 * 1024 * 1024;

type Reading = "getBlockByHeight" | "getBlockAt" | "getBlocks" | "find" | "getProof";

/** The methods that tell of accepted blocks. */
export function createReadingMethods(chain: ConfirmedChain): Pick<Implementation, Reading> {
  return {
    getBlockByHeight: ({ height }) => ({ block: formatBlock(expectBlock(chain.getBlockAtHeight(height))) }),
    getBlockAt: ({ timestamp }) => ({ block: formatBlock(expectBlock(chain.getBlockAt(timestamp))) }),
    getBlocks: async ({ from, limit, order, waitMs }, { signal }) => {
      const isAscending = order === "ascending";
      const start = from ?? (isAscending ? 0n : chain.last.height);
      if (waitMs > 0) await chain.waitForHeight(start, waitMs, signal);
      await ownTurn(signal);
      const { blocks, next } = takePage(chain.blocksFrom(start, order), limit);
      const end = blocks.at(-1)?.height;
      const afterEnd = end === undefined ? start : end + 1n; // where a block will be that is not there yet
      return { blocks: blocks.map(formatBlock), next: next ?? (isAscending ? afterEnd : undefined) };
    },
    find: async ({ data, digest, from, limit }, { signal }) => {
      await ownTurn(signal);
      const wanted = digest ?? digestOf(data as Uint8Array);
      const { blocks, next } = takePage(chain.find(wanted, from), limit);
      return {
        blocks: blocks.map((block) => ({
          ...formatBlock(block),
          match: isDigest(block.data, wanted) ? "digest" : "data",
        })),
        next,
      };
    },
    getProof: async ({ id, digest, to }, { signal }) => {
      await ownTurn(signal);
      const block = id === undefined ? first(chain.find(digest as Digest)) : chain.getBlock(id);
      return prove(chain, expectBlock(block), expectBlock(to === undefined ? chain.last : chain.getBlock(to)));
    },
  };
}

function expectBlock(block: Block | undefined): Block {
  if (block === undefined) throw new VmError({ code: "unknown block" });
  return block;
}

function first(blocks: Iterable<Block>): Block | undefined {
  for (const block of blocks) return block;
  return undefined;
}

/** At least one block, if there is one, and the height of the first that is not in the page. */
function takePage(
  source: Iterable<Block>,
  limit: number,
): { readonly blocks: Block[]; readonly next: bigint | undefined } {
  const blocks: Block[] = [];
  let bytes = 0;
  for (const block of source) {
    bytes += block.data.length;
    if (blocks.length >= limit || (blocks.length > 0 && bytes > maxPageBytes)) return { blocks, next: block.height };
    blocks.push(block);
  }
  return { blocks, next: undefined };
}

function prove(chain: ConfirmedChain, block: Block, to: Block): ResultOf<"getProof"> {
  if (to.height < block.height) throw new InvalidParams("to must not be before the block");
  const blocks: Block[] = [];
  let bytes = 0;
  for (const next of chain.blocksFrom(block.height, "ascending")) {
    bytes += next.bytes.length;
    // Two blocks are one step, without which the next part would begin where this one does.
    if (blocks.length >= maxProofBlocks || (blocks.length > 1 && bytes > maxProofBytes)) break;
    blocks.push(next);
    if (next.height === to.height) break;
  }
  expectProvable(blocks);
  const last = blocks.at(-1) ?? block;
  const proof = {
    version: 1n,
    ...summaryOf(block),
    digest: formatDigest(digestOf(block.data)),
    to: summaryOf(last),
    blocks: blocks.map((part) => formatHex(part.bytes)),
  } as const;
  return { proof, next: last.height < to.height ? last.id : undefined };
}

function formatBlock({ id, height, parentId, timestamp, data }: Block) {
  return { id, height, parentId, timestamp, data: formatHex(data), status: "accepted" } as const;
}
