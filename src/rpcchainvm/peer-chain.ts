import { blockKey } from "../core/block-key.ts";
import type { HeadMarker } from "../core/head-marker.ts";
import { idFromBytes } from "../core/id.ts";
import { peerHeadKey } from "../core/peer-block.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../vm/clock.ts";
import { type Finding, TakeOver } from "../vm/take-over.ts";
import type { NodeDatabase } from "./node-database.ts";

export interface PeerChainOptions {
  readonly file: string;
  readonly genesisBytes: Uint8Array;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Puts the chain of timestampvm-rs into our file, where the node's database holds one. Gives what the node's database
 * must say of our file then, undefined without such a chain. Throws what `TakeOver.open` throws, and a `ConnectError`
 * when the node's database fails; it can be called again.
 */
export async function takeOverPeerChain(
  database: NodeDatabase,
  options: PeerChainOptions,
): Promise<HeadMarker | undefined> {
  const head = await database.get(peerHeadKey);
  if (head?.length !== 32) return undefined;
  const { log, clock } = options;
  const since = clock.elapsedMs();
  const takeOver = TakeOver.open({ ...options, head: idFromBytes(head) });
  try {
    const blocks = await copy(database, takeOver, options);
    const marker = takeOver.finish();
    const { id, height } = marker;
    const ms = Math.round(clock.elapsedMs() - since);
    log.info("took over the chain of timestampvm-rs", { lastAccepted: id, height, blocks, ms });
    return marker;
  } finally {
    takeOver.close();
  }
}

/** Gives how many blocks were read. */
async function copy(database: NodeDatabase, takeOver: TakeOver, { log, clock }: PeerChainOptions): Promise<number> {
  let blocks = 0;
  let logMs = clock.elapsedMs() + progressMs;
  for (let id = takeOver.wanted; id !== undefined; id = takeOver.wanted) {
    const findings = takeOver.add(id, await database.get(blockKey(id)));
    for (const { kind, ...finding } of findings) log.warn(eventOf[kind], finding);
    blocks++;
    if (clock.elapsedMs() < logMs) continue;
    log.info("taking over the chain of timestampvm-rs", { blocks, height: takeOver.height });
    logMs = clock.elapsedMs() + progressMs;
  }
  return blocks;
}

const eventOf: Readonly<Record<Finding["kind"], string>> = {
  "re-encoded": "took over a block that timestampvm-rs encoded again",
  "left out": "left out blocks of timestampvm-rs",
};

/** How often the log says how far it is. */
const progressMs = 5_000;
