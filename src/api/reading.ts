import { maxPageBytes } from "../client/contract.ts";
import { formatHex } from "../client/params.ts";
import type { Block } from "../core/block.ts";
import { digestOf, isDigest } from "../core/digest.ts";
import { ChainError } from "../core/errors.ts";
import type { Caller } from "../vm/caller.ts";
import type { ConfirmedBlocks } from "../vm/chain-view.ts";
import type { Implementation } from "./checked-methods.ts";
import type { Know } from "./knowledge.ts";

type Reading = "getBlockByHeight" | "getBlockAt" | "getBlocks" | "find";

/** The methods that read accepted blocks. */
export function createReadingMethods(chain: ConfirmedBlocks, know: Know): Pick<Implementation, Reading> {
  const formatBlock = (block: Block) => ({ ...fieldsOf(block), ...know(block) });
  return {
    getBlockByHeight: ({ height }) => ({ block: formatBlock(expectBlock(chain.getBlockAtHeight(height))) }),
    getBlockAt: ({ timestamp }) => ({ block: formatBlock(expectBlock(chain.getBlockAt(timestamp))) }),
    getBlocks: async ({ from, limit, order, waitMs }, caller) => {
      const isAscending = order === "ascending";
      const start = from ?? (isAscending ? 0n : chain.last.height);
      if (waitMs > 0) await chain.waitForHeight(start, waitMs, caller.signal, caller.name);
      const { blocks, next } = await takePage(() => chain.blocksFrom(start, order), limit, formatBlock, caller);
      const end = blocks.at(-1)?.height;
      const afterEnd = end === undefined ? start : end + 1n; // the height of a block that may come while we wait
      return { blocks, next: next ?? (isAscending ? afterEnd : undefined) };
    },
    find: ({ subject, from, limit }, caller) => {
      const wanted = "data" in subject ? digestOf(subject.data) : subject.digest;
      const format = (block: Block) =>
        ({ ...formatBlock(block), match: isDigest(block.data, wanted) ? "digest" : "data" }) as const;
      return takePage(() => chain.find(wanted, from), limit, format, caller);
    },
  };
}

/** Throws "unknown block". */
export function expectBlock(block: Block | undefined): Block {
  if (block === undefined) throw new ChainError({ code: "unknown block" });
  return block;
}

interface Page<T> {
  readonly blocks: T[];
  readonly next: bigint | undefined;
}

/** A page of blocks, at least one if there is one, and the height of the first block behind the page. */
function takePage<T>(
  source: () => Iterable<Block>,
  limit: number,
  format: (block: Block) => T,
  caller: Caller,
): Promise<Page<T>> {
  return caller.doLong(async () => {
    const blocks: T[] = [];
    let bytes = 0;
    for (const block of source()) {
      bytes += block.data.length;
      if (blocks.length >= limit || (blocks.length > 0 && bytes > maxPageBytes)) return { blocks, next: block.height };
      blocks.push(format(block));
      await caller.pause();
    }
    return { blocks, next: undefined };
  });
}

function fieldsOf({ id, height, parentId, timestamp, data }: Block) {
  return { id, height, parentId, timestamp, data: formatHex(data), status: "accepted" } as const;
}
