import { isAbsolute } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { messageOf } from "../avalanche/coded-error.ts";
import type { Digest } from "../core/digest.ts";
import type { Log } from "../log.ts";
import type { OwnedProposal } from "../vm/mempool/turns.ts";
import type { Vm } from "../vm/vm.ts";
import { backUpOnThread } from "./backup-thread.ts";
import type { AnswerLine, Asked, Done, WaitingProposal } from "./messages.ts";

/** The most proposals that are listed or searched in one turn of the thread that serves the node: a millisecond. */
const maxSliceItems = 1_000;
/** The most proposals that one transaction clears: some milliseconds. */
const maxClearedPerSlice = 500;
/** Milliseconds between two such transactions, so that other work gets its turn. */
const clearPauseMs = 10;

/** The part of a running chain that an operator may use. */
export type OperatedChain = Pick<Vm, "status" | "waiting" | "getWaiting" | "drop" | "commitPause" | "synced">;

export interface AnswersParts {
  readonly chain: OperatedChain;
  /** The path of its database. */
  readonly file: string;
  readonly log: Log;
  /** Starts a thread whose entry is `backup-worker.ts`. */
  readonly startBackup: () => Worker;
}

/** Somebody who asks. */
export interface Asker {
  /** Sends lines. Resolves when more can be sent. Rejects when nobody reads them any more. */
  readonly write: (lines: readonly AnswerLine[]) => Promise<void>;
  /** Aborts when the asker is gone, or the chain ends. */
  readonly signal: AbortSignal;
}

/**
 * Does what an operator asks for, on the thread that serves the node: in slices, with pauses between them. The answer
 * to a clearing waits until the removal is synced, if `durability` asks for that.
 */
export class Answers {
  readonly #parts: AnswersParts;
  #isBackingUp = false;

  constructor(parts: AnswersParts) {
    this.#parts = parts;
  }

  /** Resolves with the last line. Rejects if the request fails. */
  async answer(asked: Asked, asker: Asker): Promise<Done> {
    switch (asked.do) {
      case "list":
        return { listed: await this.#list(asker) };
      case "clear peers":
        return { cleared: await this.#clearPeers(asker) };
      case "clear":
        return this.#clear(asked.id, asked.evenPromised);
      case "back up":
        return this.#backUp(asked.file, asker);
    }
  }

  /** Lists at most as many as wait at the start: if new ones kept coming, the list would never end. */
  async #list({ write }: Asker): Promise<bigint> {
    const { items, bytes } = this.#parts.chain.status().mempool;
    await write([{ mempool: { items: BigInt(items), bytes: BigInt(bytes) } }]);
    let lines: AnswerLine[] = [];
    let listed = 0;
    for (const proposal of this.#parts.chain.waiting()) {
      if (listed === items) break;
      lines.push({ proposal: toWaiting(proposal) });
      listed++;
      if (lines.length < maxSliceItems) continue;
      await write(lines);
      await setImmediate();
      lines = [];
    }
    await write(lines);
    return BigInt(listed);
  }

  async #clearPeers({ signal }: Asker): Promise<bigint> {
    const { chain, log } = this.#parts;
    const { items } = chain.status().mempool;
    let batch: Digest[] = [];
    let [looked, cleared] = [0, 0];
    for (const { digest, peer } of chain.waiting()) {
      if (peer !== undefined) batch.push(digest);
      if (++looked === items) break;
      if (batch.length < maxClearedPerSlice && looked % maxSliceItems > 0) continue;
      chain.drop(batch);
      cleared += batch.length;
      await setTimeout(batch.length > 0 ? clearPauseMs : 0, undefined, { signal });
      await chain.commitPause;
      batch = [];
    }
    chain.drop(batch); // the rest: if others have left meanwhile, the loop ends with a partial batch
    cleared += batch.length;
    await chain.synced();
    log.warn("the operator cleared what peers sent", { proposals: cleared });
    return BigInt(cleared);
  }

  async #clear(id: Digest, evenPromised: boolean): Promise<Done> {
    const { chain, log } = this.#parts;
    await chain.commitPause;
    const proposal = chain.getWaiting(id);
    if (proposal === undefined) throw new Error(`no proposal ${id} waits for a block`);
    if (proposal.peer === undefined && !evenPromised) return { promised: toWaiting(proposal) };
    chain.drop([id]);
    await chain.synced();
    log.warn("the operator cleared a proposal", { id, peer: proposal.peer });
    return { cleared: 1n };
  }

  async #backUp(file: string, { write, signal }: Asker): Promise<Done> {
    const { file: database, log, startBackup } = this.#parts;
    if (!isAbsolute(file)) throw new Error(`${file} is not an absolute path`);
    if (this.#isBackingUp) throw new Error("another backup is being made: one at a time");
    this.#isBackingUp = true;
    log.info("a backup begins", { file });
    try {
      const onProgress = (line: AnswerLine) => void Promise.allSettled([write([line])]); // if it fails, `signal` aborts
      const made = await backUpOnThread(
        startBackup,
        { database, file },
        (progress) => onProgress({ progress }),
        signal,
      );
      log.info("a backup was made", { file, ...made });
      return { backup: { ...made, proposals: BigInt(made.proposals) } };
    } catch (error) {
      log.warn("a backup was given up", { error: messageOf(error) });
      throw error;
    } finally {
      this.#isBackingUp = false;
    }
  }
}

function toWaiting({ digest, bytes, since, peer, caller }: OwnedProposal): WaitingProposal {
  return { id: digest, bytes: BigInt(bytes), since, peer, client: peer === undefined ? caller : undefined };
}
