import type { Id } from "../../src/avalanche/id.ts";
import { ChainData, type NewFiles } from "./chain-data.ts";
import { check } from "./checker.ts";
import { Clients } from "./clients.ts";
import { Consensus } from "./consensus.ts";
import { Faults } from "./faults.ts";
import { Flood } from "./flood.ts";
import { Journal } from "./journal.ts";
import { Network } from "./network.ts";
import { Node } from "./node.ts";
import { makePlan, type Plan } from "./plan.ts";
import { Random } from "./random.ts";
import { Sampler } from "./sampler.ts";
import { Schedule } from "./schedule.ts";
import { Slots } from "./slots.ts";
import { Troubles } from "./troubles.ts";
import type { World } from "./world.ts";

/** After the last fault, everything must be in order again within this time. */
const maxSettleMs = 30 * 60_000;
const sampleMs = 300;
/** Between one wave of lies and the next. */
const floodMs = 50;

export interface Report {
  readonly plan: Plan;
  /** What must not be. Empty for a good run. */
  readonly violations: readonly string[];
  /** What happened, one line each, with the seconds since the start. */
  readonly lines: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  /** For how many blocks each honest proposal waited, where there are liars. */
  readonly waits: readonly number[];
  readonly events: number;
  readonly virtualMs: number;
  /** The last accepted block. */
  readonly head: Id | undefined;
}

/** A run by a plan that the seed makes, too: see `simulatePlan`. */
export function simulate(seed: number, newFiles: NewFiles): Promise<Report> {
  const random = new Random(seed);
  return simulatePlan(makePlan(random), random, newFiles);
}

/**
 * One run: some time with clients and faults, then time without, until nothing is left to do. Plan and seed fix all
 * of it, but for the random instance ids of the files, which nothing depends on.
 */
export async function simulatePlan(plan: Plan, random: Random, newFiles: NewFiles): Promise<Report> {
  newFiles.restart();
  const world = makeWorld(plan, random);
  const nodes = Array.from({ length: world.plan.nodes }, (_, index) => {
    return new Node(index, world, new ChainData(newFiles.directory, `node-${index}`, () => newFiles.take()));
  });
  world.network.peers.push(...nodes);
  let waits: readonly number[] = [];
  try {
    waits = await live(world, nodes);
  } catch (error) {
    world.journal.violate(`${(error as Error).stack}`);
  }
  const { journal, schedule } = world;
  const head = nodes[0]?.lastAccepted?.id;
  for (const node of nodes) node.remove();
  const { violations, lines, counts } = journal;
  return { plan, violations, lines, counts, waits, events: schedule.events, virtualMs: schedule.nowMs, head };
}

function makeWorld(plan: Plan, random: Random): World {
  const schedule = new Schedule();
  const troubles = new Troubles(plan, random);
  const network = new Network({ random, schedule, troubles, maxLatencyMs: plan.maxLatencyMs });
  return {
    plan,
    random,
    schedule,
    network,
    journal: new Journal(schedule),
    consensus: new Consensus(network, random, plan.hurryRate),
    slots: new Slots(plan.builders, plan.slotMs),
    troubles,
    parsed: new WeakMap(),
  };
}

async function live(world: World, nodes: readonly Node[]): Promise<readonly number[]> {
  const { schedule, journal, plan, random, troubles } = world;
  const clients = new Clients(world, nodes);
  const faults = new Faults(world, nodes, clients);
  const sampler = new Sampler(world, nodes, clients);
  const flood = new Flood(world, nodes, clients);
  for (const node of nodes) node.start();
  for (let i = 0; i < plan.proposals; i++) schedule.after(random.below(plan.busyMs), () => clients.propose());
  repeat(
    schedule,
    () => sampleMs,
    () => sampler.sample(),
  );
  repeat(
    schedule,
    () => random.between(50, 2_000),
    () => {
      if (!troubles.isOver) random.pick(nodes)?.life?.flip();
    },
  );
  if (plan.liars > 0) {
    repeat(
      schedule,
      () => floodMs,
      () => flood.wave(),
    );
  }
  if (plan.faults.length > 0) {
    repeat(
      schedule,
      () => random.between(10, plan.maxPauseMs),
      () => {
        if (!troubles.isOver) faults.strike();
      },
    );
  }
  await schedule.run(plan.busyMs);

  journal.note("all is well from now on");
  troubles.end();
  faults.heal();
  const isQuiet = await schedule.run(plan.busyMs + maxSettleMs, () => sampler.isQuietAfter(plan.busyMs));
  if (!isQuiet) journal.violate("it does not come to rest");

  sampler.sample();
  for (const node of nodes) node.life?.checkHealth();
  for (const node of nodes) node.life?.checkReceipts();
  const chains = nodes.map((node) => node.life?.readChain(0) ?? []);
  const problems = check({ chains, proposals: clients.proposals, strays: clients.strays });
  for (const problem of problems) journal.violate(problem);
  journal.count("blocks accepted", world.consensus.height);
  return flood.waits;
}

/** Does it again and again, each time after a pause. */
function repeat(schedule: Schedule, pauseMs: () => number, task: () => void): void {
  schedule.after(pauseMs(), () => {
    task();
    repeat(schedule, pauseMs, task);
  });
}
