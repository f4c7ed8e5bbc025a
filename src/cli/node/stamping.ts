import type { StampSummary } from "../../client/confirmed-block.ts";
import type { Receipt, ResultOf, StampedBlock } from "../../client/contract.ts";
import { maxPageBlocks } from "../../client/limits.ts";
import { RpcError } from "../../client/rpc-error.ts";
import { mayBeTaken, systemClock, waitForReceipt } from "../../client/waiting.ts";
import { type Digest, digestOf, digestToBytes } from "../../core/digest.ts";
import { maxDataBytes } from "../../core/proposal.ts";
import { isUnconfirmed, mostProven } from "../../core/time-claim.ts";
import { CommandFailed } from "../command-failed.ts";
import { type DescribedDigest, readData, readSubject } from "../read-source.ts";
import type { Source } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { type ClockReading, describeClock } from "./clock-note.ts";
import type { Ask } from "./connection.ts";
import type { FoundBlock } from "./found-blocks.ts";
import { TimeIsOver } from "./time-limit.ts";

export type SaltedReceipt = NonNullable<ResultOf<"stamp">["salted"]>;

/** Data to stamp. */
export interface Stamp {
  readonly subject: DescribedDigest;
  /** What the chain carries already. */
  readonly known: (ask: Ask) => Promise<Known | undefined>;
  readonly send: (ask: Ask) => Promise<ResultOf<"stamp">>;
}

interface Known {
  /** Of the first block that `isSettled`, as a server gives it, or else of the first one. */
  readonly receipt: Receipt;
  /** Blocks that carry the data, the lowest first. */
  readonly blocks: readonly StampedBlock[];
}

/** What came of a stamp. */
export interface Stamped {
  readonly receipt: Receipt;
  /** A second stamp, with a nonce, where the node does not confirm the first one. */
  readonly salted: SaltedReceipt | undefined;
  /** The blocks that carry the data, as far as they are known. */
  readonly blocks: readonly StampedBlock[];
  /** Whether something was stamped now. */
  readonly isNew: boolean;
  /** Words about a new block whose time differs from this machine's clock. */
  readonly clockNote: string | undefined;
}

/** Whether a block of the stamp is not accepted yet. */
export function isWaiting({ receipt, salted }: Stamped): boolean {
  return receipt.status !== "accepted" || (salted !== undefined && salted.status !== "accepted");
}

/** The blocks of a stamp, for its proof. */
export function stampsOf({ receipt, salted }: Stamped): readonly StampSummary[] {
  return [
    ...(receipt.block === undefined ? [] : [receipt.block]),
    ...(salted?.block === undefined ? [] : [{ ...salted.block, nonce: salted.nonce }]),
  ];
}

/** Reads what will be stamped: the data itself with `isWhole`, or else its digest. Data can only be whole. */
export function readStamp(source: Source, isWhole: boolean, output: Output): Stamp {
  if (!isWhole || source.kind === "digest") {
    const subject = readSubject(source, output);
    return {
      subject,
      known: (ask) => findKnown(ask, subject.digest, false),
      send: (ask) => ask("stamp", { digest: `0x${subject.digest}` }),
    };
  }
  const { data, description } = readData(source, maxDataBytes, output);
  const subject = { digest: digestOf(data), description };
  return {
    subject,
    known: (ask) => findKnown(ask, subject.digest, true),
    send: (ask) => ask("stamp", { data: `0x${data.toHex()}` }),
  };
}

/** By the first page of `find`. A digest is no stamp of the whole data. */
async function findKnown(ask: Ask, digest: Digest, isWhole: boolean): Promise<Known | undefined> {
  const { blocks } = await ask("find", { digest, limit: maxPageBlocks });
  const found = isWhole ? blocks.filter(({ match }) => match === "data") : blocks;
  const best = mostProven(found);
  if (best === undefined) return undefined;
  const id = best.match === "data" ? digest : digestOf(digestToBytes(digest));
  return { receipt: { id: `0x${id}`, status: "accepted", block: toStamped(best) }, blocks: found.map(toStamped) };
}

function toStamped({ parentId, data, status, match, ...block }: FoundBlock): StampedBlock {
  return block;
}

/** How to stamp. */
export interface Stamping {
  readonly ask: Ask;
  /** Gives the milliseconds to wait for a block; undefined for no wait. */
  readonly waitMs: (() => number) | undefined;
  /** Gives words about where to see later what became of a stamp. */
  readonly later: (digest: Digest, salted: SaltedReceipt | undefined) => string;
}

/**
 * Stamps data, and waits for its block. Sends nothing if the node can say when the data was on the chain before: a
 * second stamp would prove less. Sends it twice if another may have taken it meanwhile.
 */
export async function stampData(
  { ask, waitMs, later }: Stamping,
  { subject, known, send }: Stamp,
  output: Output,
): Promise<Stamped> {
  const before = await known(ask);
  const earlier = before?.blocks ?? [];
  if (before !== undefined && earlier.some(isSettled)) {
    return { ...before, salted: undefined, isNew: false, clockNote: undefined };
  }
  const fromMs = Date.now();
  const comfort = (salted?: SaltedReceipt) => failWith(`The stamp was taken before. ${later(subject.digest, salted)}`);
  const waitFor = async <T extends Receipt>(receipt: T): Promise<T> =>
    waitMs === undefined ? receipt : { ...receipt, ...(await waitUntilAccepted(ask, receipt, waitMs(), output)) };
  const waitForBoth = ({ salted, ...receipt }: ResultOf<"stamp">) =>
    Promise.all([waitFor(receipt), salted && waitFor(salted)]).catch(comfort(salted));
  const sent = await send(ask);
  const first = await waitForBoth(sent);
  const isTaken = sent.salted === undefined && mayBeTaken(sent, first[0]);
  const [receipt, salted] = isTaken ? await waitForBoth(await send(ask).catch(comfort())) : first;
  const asked: ClockReading = { fromMs, toMs: Date.now() };
  const isNew = salted !== undefined || !earlier.some(({ id }) => id === receipt.block?.id);
  const made = salted === undefined && !isNew ? undefined : (salted ?? receipt).block;
  return {
    receipt,
    salted,
    blocks: [...earlier, receipt.block, salted?.block].filter((block) => block !== undefined),
    isNew,
    clockNote: made && describeClock(made.timestamp, asked),
  };
}

function isSettled({ claim, height }: StampedBlock | FoundBlock): boolean {
  return !isUnconfirmed(claim, height);
}

/** Gives the receipt of an accepted block, or the last one that the node gave within `ms` milliseconds. */
async function waitUntilAccepted(ask: Ask, sent: Receipt, ms: number, output: Output): Promise<Receipt> {
  const { clock = systemClock } = output;
  const start = performance.now();
  const progress = output.progress();
  const seconds = () => Math.floor((performance.now() - start) / 1_000);
  const timer = setInterval(() => progress.showText(() => `waiting for a block: ${seconds()} s`), progressMs);
  let last = sent;
  const onReceipt = (receipt: Receipt) => {
    last = receipt;
  };
  try {
    return await waitForReceipt(ask, sent, { clock, untilMs: clock.nowMs() + ms, onReceipt });
  } catch (error) {
    if (error instanceof TimeIsOver) return last;
    throw error;
  } finally {
    clearInterval(timer);
    progress.clear();
  }
}

/** Milliseconds between two attempts to show progress. */
const progressMs = 250;

/** Throws the same error with `comfort` added, which is true in spite of it. */
function failWith(comfort: string): (error: unknown) => never {
  return (error) => {
    const isFailure = error instanceof CommandFailed || error instanceof RpcError;
    throw isFailure ? new CommandFailed(`${error.message}\n${comfort}`) : error;
  };
}
