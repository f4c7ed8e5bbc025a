import type { ResultOf } from "../../client/contract.ts";
import { maxPageBlocks } from "../../client/limits.ts";
import type { Digest } from "../../core/digest.ts";
import { CommandFailed } from "../command-failed.ts";
import type { Ask } from "./connection.ts";

export type FoundBlock = ResultOf<"find">["blocks"][number];

/** The blocks that carry data or its digest, the lowest first. Rejects with "command failed" if there are none. */
export async function* findBlocks(ask: Ask, digest: Digest): AsyncGenerator<FoundBlock, void> {
  let isFound = false;
  for (let from: bigint | undefined = 0n; from !== undefined; ) {
    const page: ResultOf<"find"> = await ask("find", { digest, from, limit: maxPageBlocks });
    yield* page.blocks;
    isFound ||= page.blocks.length > 0;
    from = page.next;
  }
  if (!isFound) throw new CommandFailed(`not found: no accepted block carries ${digest}, or data of this SHA-256`);
}
