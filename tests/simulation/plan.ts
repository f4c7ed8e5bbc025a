import type { Config } from "../../src/core/config.ts";
import type { Random } from "./random.ts";

/** What a run is like. Every run has only some of all faults: where everything happens at once, little gets far. */
export interface Plan {
  readonly nodes: number;
  /** How many of them ever build: the first ones. */
  readonly builders: number;
  /** How many peers beside them take part in nothing and gossip lies. */
  readonly liars: number;
  /** What nodes have at stake, and liars behind them; nothing where a node cannot know it. */
  readonly stakes: readonly bigint[];
  /** How long clients propose and faults happen, ms. */
  readonly busyMs: number;
  /** How many times clients propose something. */
  readonly proposals: number;
  /** 0: everybody may build at any time. */
  readonly slotMs: number;
  readonly maxLatencyMs: number;
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** That a node is killed at any one step of an accept. */
  readonly dieRate: number;
  /** That a block that the VM built comes to nothing in the node. */
  readonly wasteRate: number;
  /** That the network decides as soon as it can, and waits for no rivals. */
  readonly hurryRate: number;
  readonly faults: readonly FaultName[];
  /** Between one fault and the next, ms. */
  readonly maxPauseMs: number;
  readonly config: Partial<Config>;
}

export const faultNames = [
  "kill",
  "stop",
  "power loss",
  "outage",
  "wiped database",
  "wiped chain data",
  "both wiped",
  "clock jump",
  "partition",
  "slow node",
  "no gossip",
  "disk full",
  "junk gossip",
  "late gossip",
  "old blocks",
  "foreign block",
  "bad block",
  "cancelled waits",
] as const;

export type FaultName = (typeof faultNames)[number];

export function makePlan(random: Random): Plan {
  const nodes = random.pick([1, 2, 2, 3, 3, 3, 3, 4, 4, 5, 7]) ?? 3;
  const faults = random.shuffle(faultNames).slice(0, random.pick([0, 1, 2, 3, 5, 8, 14]));
  const busyMs = random.between(1_000, 8_000);
  const proposals = random.between(3, 24);
  return {
    nodes,
    builders: nodes,
    liars: 0,
    stakes: proposals % 2 === 0 ? [] : Array.from({ length: nodes }, (_, node) => [5n, 1n, 0n, 20n][node % 4] ?? 0n),
    busyMs,
    proposals,
    slotMs: random.pick([0, 0, 300, 1_000, 4_000]) ?? 0,
    maxLatencyMs: random.pick([5, 50, 300]) ?? 50,
    lossRate: random.pick([0, 0, 0.05, 0.3]) ?? 0,
    duplicateRate: random.pick([0, 0, 0.1]) ?? 0,
    dieRate: random.pick([0, 0, 0.002, 0.01]) ?? 0,
    wasteRate: random.pick([0, 0, 0.1, 0.4]) ?? 0,
    hurryRate: random.pick([0.2, 0.9]) ?? 0.9,
    faults,
    maxPauseMs: random.pick([300, 1_000, 3_000]) ?? 1_500,
    config: {
      maxMempoolItems: random.pick([10_000, 10_000, 12, 4]) ?? 10_000,
      minBlockIntervalMs: random.pick([0, 0, 0, 500, 2_000]) ?? 0,
      durability: random.pick(["auto", "auto", "full", "normal"] as const) ?? "auto",
    },
  };
}
