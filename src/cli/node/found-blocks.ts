import type { ResultOf } from "../../client/contract.ts";
import { maxPageBlocks } from "../../client/limits.ts";
import type { Digest } from "../../core/digest.ts";
import { CommandFailed } from "../command-failed.ts";
import type { Ask } from "./connection.ts";

export type FoundBlock = ResultOf<"find">["blocks"][number];

/** The blocks that carry data or its digest, the lowest first. Rejects with "command failed" if there are none. */
export async function* findBlocks(ask: Ask, digest: Digest): AsyncGenerator<FoundBlock, void> {
  let from = 0n;
  let isFound = false;
  for (;;) {
    const { blocks, next } = await ask("find", { digest, from, limit: maxPageBlocks });
    yield* blocks;
    isFound ||= blocks.length > 0;
    if (next === undefined) break;
    if (next <= from) throw new CommandFailed("the node gives the same blocks again");
    from = next;
  }
  if (!isFound) throw new CommandFailed(`not found: no accepted block carries ${digest}, or data of this SHA-256`);
}
