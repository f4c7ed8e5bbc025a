import type { Block } from "../../src/core/block.ts";
import type { Consensus } from "./consensus.ts";
import type { Journal } from "./journal.ts";
import type { Network } from "./network.ts";
import type { Plan } from "./plan.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";
import type { Slots } from "./slots.ts";
import type { Troubles } from "./troubles.ts";

/** What all nodes of a simulation share. */
export interface World {
  readonly plan: Plan;
  readonly random: Random;
  readonly schedule: Schedule;
  readonly journal: Journal;
  readonly network: Network;
  readonly consensus: Consensus;
  readonly slots: Slots;
  readonly troubles: Troubles;
  /** What came of the bytes that some node has parsed. */
  readonly parsed: WeakMap<Uint8Array, Block>;
}
