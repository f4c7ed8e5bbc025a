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

/** A chain that timestampvm-rs may have run before. */
export interface RsChainOptions {
  /** Our database file. */
  readonly file: string;
  readonly genesisBytes: Uint8Array;
  readonly log: Log;
  readonly clock: Clock;
}

/** What the node's database knows after the take-over. */
export interface Settled {
  /** The head marker of our file; undefined for none. */
  readonly marker: HeadMarker | undefined;
  /** The last accepted block of timestampvm-rs; undefined if that never ran. */
  readonly rsHead: Id | undefined;
}

/**
 * Takes the chain of timestampvm-rs over into our file, if we never did, or if that chain has gone on since: then
 * timestampvm-rs ran last, and the node follows its head. Throws the errors of `TakeOver.open` and `TakeOver.search`,
 * with nothing changed, and a `ConnectError` when the node's database fails. It can be called again.
 */
export async function settleRsChain(record: NodeRecord, options: RsChainOptions): Promise<Settled> {
  const marker = await record.readHeadMarker();
  const rsHead = await record.readRsHead();
  if (rsHead === undefined) return { marker, rsHead };
  const seen = await record.readSeenRsHead();
  if (marker !== undefined && seen === rsHead) return { marker, rsHead };
  const takeOver = TakeOver.open({ ...options, head: rsHead, marker });
  try {
    // There is no seen head if an earlier version took the chain over, or if a take-over ended before its last write.
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

/** Rewinds our file to the last common block, in stretches, each in its own turn of the event loop. */
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

/** Adds all missing blocks of timestampvm-rs. Gives how many were read. */
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
 * Logs the cure for a case that the node's database does not show: timestampvm-rs replaced us for a time, and accepted
 * nothing. Then the node went back to the head of timestampvm-rs, and refuses a chain that is ahead of that.
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
