import { setImmediate } from "node:timers/promises";
import type { Id } from "../../avalanche/id.ts";
import { blockKey } from "../../core/block-key.ts";
import type { Log } from "../../log.ts";
import type { Clock } from "../../vm/clock.ts";
import type { HeadMarker } from "../../vm/rewind.ts";
import type { Vm } from "../../vm/vm.ts";
import { atTimes } from "../at-times.ts";
import type { NodeRecord } from "../node-record.ts";
import { type Finding, TakeOver } from "./take-over.ts";

/** The chain that may have been one of timestampvm-rs. */
export interface RsChainOptions {
  /** Our database file. */
  readonly file: string;
  readonly genesisBytes: Uint8Array;
  readonly log: Log;
  readonly clock: Clock;
}

/** What the node's database says once both chains are one. */
export interface Settled {
  /** What it has of our file. */
  readonly marker: HeadMarker | undefined;
  /** The last accepted block of timestampvm-rs; undefined where that never ran. */
  readonly rsHead: Id | undefined;
}

/**
 * Puts the chain of timestampvm-rs into our file, where the node's database holds one that we never took over, or that
 * has gone on since: then timestampvm-rs ran last, and the node follows its head. Throws what `TakeOver.open` and
 * `TakeOver.search` throw, and nothing has changed then; and a `ConnectError` when the node's database fails. It can be
 * called again.
 */
export async function settleRsChain(record: NodeRecord, options: RsChainOptions): Promise<Settled> {
  const marker = await record.readHeadMarker();
  const rsHead = await record.readRsHead();
  if (rsHead === undefined) return { marker, rsHead };
  const seen = await record.readSeenRsHead();
  if (marker !== undefined && seen === rsHead) return { marker, rsHead };
  const takeOver = TakeOver.open({ ...options, head: rsHead, marker });
  try {
    // No head was seen where an earlier version took the chain over, or a take-over ended before its last write.
    if (seen === undefined && takeOver.hasHead) return { marker, rsHead };
    return { marker: await takeOverFrom(record, takeOver, options), rsHead };
  } finally {
    takeOver.close();
  }
}

async function takeOverFrom(record: NodeRecord, takeOver: TakeOver, options: RsChainOptions): Promise<HeadMarker> {
  const { log, clock } = options;
  const since = clock.elapsedMs();
  await part(record, takeOver, options);
  const blocks = await copy(record, takeOver, options);
  for (const _ of takeOver.index()) await setImmediate();
  const marker = takeOver.finish();
  const { id, height } = marker;
  const ms = Math.round(clock.elapsedMs() - since);
  log.info("took over the chain of timestampvm-rs", { lastAccepted: id, height, blocks, ms });
  return marker;
}

/** Rewinds our file to what timestampvm-rs has, with a turn of the event loop for each stretch. */
async function part(record: NodeRecord, takeOver: TakeOver, { file, log, clock }: RsChainOptions): Promise<void> {
  let blocks = 0;
  const report = atTimes(clock, () =>
    log.info("looking for where the chain of timestampvm-rs leaves ours", { blocks }),
  );
  for (let id = takeOver.sought; id !== undefined; id = takeOver.sought) {
    takeOver.search(id, await record.get(blockKey(id)));
    blocks++;
    report();
  }
  for (const { id, from, to } of takeOver.part(clock.now())) {
    log.warn("timestampvm-rs went on without these blocks", { from, to, lastAccepted: id, file });
    await setImmediate();
  }
}

/** Adds all blocks of timestampvm-rs that are wanted. Gives how many were read. */
async function copy(record: NodeRecord, takeOver: TakeOver, { log, clock }: RsChainOptions): Promise<number> {
  let blocks = 0;
  const report = atTimes(clock, () =>
    log.info("taking over the chain of timestampvm-rs", { blocks, height: takeOver.height }),
  );
  for (let id = takeOver.wanted; id !== undefined; id = takeOver.wanted) {
    const findings = takeOver.add(id, await record.get(blockKey(id)));
    for (const { kind, ...finding } of findings) log.warn(eventOf[kind], finding);
    blocks++;
    report();
  }
  return blocks;
}

/**
 * Logs the cure for one case that nothing in the node's database shows: timestampvm-rs was put back in our place and
 * accepted nothing. Then the node went back to where that left off, and does not start a chain that is ahead of it.
 */
export function logLeftOff(vm: Vm, { file, log }: RsChainOptions, rsHead: Id): void {
  const height = vm.getAcceptedBlock(rsHead)?.height;
  if (height === undefined || height === vm.lastAccepted.height) return;
  log.info("timestampvm-rs left off below", {
    height,
    cure:
      "if the node says that its height is lower than ours, stop it, and run: " +
      `timestampvm db rollback ${file} --to ${height}`,
  });
}

const eventOf: Readonly<Record<Finding["kind"], string>> = {
  "re-encoded": "took over a block that timestampvm-rs encoded again",
  "left out": "left out blocks of timestampvm-rs",
};
