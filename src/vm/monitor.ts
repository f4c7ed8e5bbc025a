import { summaryOf } from "../core/block.ts";
import { ChainError } from "../core/errors.ts";
import type { BlockStore } from "../store/block-store.ts";
import type { Builder } from "./builder.ts";
import type { Clock } from "./clock.ts";
import type { Decisions } from "./decisions.ts";
import type { FirstSights } from "./first-sights.ts";
import type { Mempool } from "./mempool/mempool.ts";
import type { ProcessingBlocks } from "./processing.ts";
import type { Stall } from "./stall.ts";
import type { State, Status } from "./status.ts";

export interface MonitorParts {
  readonly clock: Clock;
  readonly store: BlockStore;
  readonly processing: ProcessingBlocks;
  readonly mempool: Mempool;
  readonly stall: Stall;
  readonly decisions: Decisions;
  readonly builder: Builder;
  readonly firstSights: FirstSights;
}

/** Reports status and health of a chain. */
export class Monitor {
  readonly #parts: MonitorParts;
  readonly #openedAtMs: number;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#openedAtMs = parts.clock.elapsedMs();
  }

  /** `peers` is the number of connected nodes of the chain. */
  status(state: State, peers: number): Status {
    const { clock, store, processing, mempool, decisions, builder, firstSights } = this.#parts;
    return {
      state,
      lastAccepted: summaryOf(decisions.lastAccepted),
      preference: summaryOf(builder.preferred),
      processing: processing.count,
      mempool: mempool.status,
      databaseBytes: store.size(),
      blocks: { built: builder.built, verified: processing.added, ...decisions.counts },
      proposals: mempool.counts,
      firstSights: firstSights.status,
      peers,
      uptimeSeconds: BigInt(Math.floor((clock.elapsedMs() - this.#openedAtMs) / 1_000)),
    };
  }

  /**
   * Throws "database failed" if the file lost its last block, or its disk stalls. Throws "clock behind", or what
   * `Stall.check` throws, if proposals cannot become blocks.
   */
  check(state: State): void {
    const { store, mempool, stall, decisions, builder } = this.#parts;
    const { id, height } = decisions.lastAccepted;
    if (store.getIdAtHeight(height) !== id) throw store.damaged(`it lost its last accepted block ${id}`);
    store.checkDisk();
    const seconds = builder.secondsTooEarly;
    if (seconds > 0n) throw new ChainError({ code: "clock behind", seconds });
    if (state === "normal operation") stall.check(mempool.status.items);
  }
}
