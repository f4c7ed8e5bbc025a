import { setImmediate } from "node:timers/promises";
import type { Id } from "../../avalanche/id.ts";
import { blockKey } from "../../core/block-key.ts";
import type { Log } from "../../log.ts";
import type { Clock } from "../../vm/clock.ts";
import type { HeadMarker } from "../../vm/rewind.ts";
import type { Vm } from "../../vm/vm.ts";
import type { NodeRecord } from "../node-record.ts";
import { type Finding, TakeOver } from "./take-over.ts";

export interface RsChainOptions {
  readonly file: string;
  readonly genesisBytes: Uint8Array;
  readonly log: Log;
  readonly clock: Clock;
}

/** What the node's database must say when the chain is open. */
export interface Settled {
  /** Of our file. */
  readonly marker: HeadMarker | undefined;
  /** Of timestampvm-rs: its last accepted block; undefined where that never ran. */
  readonly rsHead: Id | undefined;
}

/**
 * Puts the chain of timestampvm-rs into our file, where the node's database holds one that ours did not begin with, or that
 * went on since: then timestampvm-rs ran last, and the node is where that is. Throws what `TakeOver.open` and
 * `TakeOver.search` throw, when nothing has changed, and a `ConnectError` when the node's database fails; it can be called again.
 */
export async function settleRsChain(record: NodeRecord, options: RsChainOptions): Promise<Settled> {
  const marker = await record.readHeadMarker();
  const rsHead = await record.readRsHead();
  if (rsHead === undefined) return { marker, rsHead };
  const seen = await record.readSeenRsHead();
  if (marker !== undefined && seen === rsHead) return { marker, rsHead };
  const takeOver = TakeOver.open({ ...options, head: rsHead, marker });
  try {
    // Nothing is seen where an earlier version took the chain over, or a take-over ended before the last word.
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
  const marker = takeOver.finish();
  const { id, height } = marker;
  const ms = Math.round(clock.elapsedMs() - since);
  log.info("took over the chain of timestampvm-rs", { lastAccepted: id, height, blocks, ms });
  return marker;
}

/** Takes off our file what timestampvm-rs does not have, with a turn of the event loop for each stretch. */
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

/** Gives how many blocks were read. */
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

/** Gives a function that reports, but not more often than the log is to say how far something is. */
function atTimes(clock: Clock, report: () => void): () => void {
  let nextMs = clock.elapsedMs() + progressMs;
  return () => {
    if (clock.elapsedMs() < nextMs) return;
    report();
    nextMs = clock.elapsedMs() + progressMs;
  };
}

/**
 * Logs what to do if timestampvm-rs was put back in our place and accepted nothing: then the node went back to where that
 * left off, nothing in its database says so, and it does not start a chain that is ahead of it.
 */
export function logLeftOff(vm: Vm, { file, log }: RsChainOptions, rsHead: Id): void {
  const height = vm.getAcceptedBlock(rsHead)?.height;
  if (height === undefined || height === vm.lastAccepted.height) return;
  log.info("timestampvm-rs left off below", {
    height,
    cure: `if the node says that its height is lower than ours, stop it, and run: timestampvm db rollback ${file} --to ${height}`,
  });
}

const eventOf: Readonly<Record<Finding["kind"], string>> = {
  "re-encoded": "took over a block that timestampvm-rs encoded again",
  "left out": "left out blocks of timestampvm-rs",
};

/** How often the log says how far it is. */
const progressMs = 5_000;
