import type { ResultOf } from "../../client/contract.ts";
import { maxPageBlocks } from "../../client/limits.ts";
import type { Digest } from "../../core/digest.ts";
import { stampedDigest } from "../../core/nonce.ts";
import { CommandFailed } from "../command-failed.ts";
import type { Ask } from "./connection.ts";

export type FoundBlock = ResultOf<"find">["blocks"][number];

/** The SHA-256 of data, and the nonce of its stamp, if that is salted. */
export interface Sought {
  readonly digest: Digest;
  readonly nonce?: Uint8Array | undefined;
}

/** The blocks that carry data or its digest, the lowest first. Rejects with "command failed" if there are none. */
export async function* findBlocks(ask: Ask, sought: Sought): AsyncGenerator<FoundBlock, void> {
  const digest = stampedDigest(sought.digest, sought.nonce);
  let isFound = false;
  for (let from: bigint | undefined = 0n; from !== undefined; ) {
    const page: ResultOf<"find"> = await ask("find", { digest, from, limit: maxPageBlocks });
    yield* page.blocks;
    isFound ||= page.blocks.length > 0;
    from = page.next;
  }
  if (!isFound) throw notFound(sought);
}

/** That no block carries it. What was looked for is named with what the user has given. */
export function notFound({ digest, nonce }: Sought): CommandFailed {
  const what =
    nonce === undefined
      ? `${digest}, or data of this SHA-256`
      : `${stampedDigest(digest, nonce)}, which is SHA-256(${digest} ‖ nonce ${nonce.toHex()})`;
  return new CommandFailed(`not found: no accepted block carries ${what}`);
}
