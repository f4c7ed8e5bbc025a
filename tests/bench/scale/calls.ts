import { randomBytes } from "node:crypto";
import type { Plugin } from "../../support/plugin.ts";
import { dataAt, timestampAt } from "../support/build-chain.ts";
import { mean, median, type Row, timeOf } from "../support/figures.ts";
import { type BuiltChain, mostTallRatio } from "./built-chain.ts";
import { residentMegabytes } from "./resident.ts";

/** Of each kind on each of the two chains, which take turns at each call: so many are not counted, … */
const warmUps = 300;
/** … and so many are. */
const reads = 3_000;
const cycles = 900;

/** A plugin, and the height that its chain began with. */
interface Served {
  readonly plugin: Plugin;
  readonly height: number;
}

type Call = (served: Served) => Promise<unknown>;
/** Microseconds, of the tall chain and of the short one. */
type Times = readonly [number[], number[]];

/** How long a plugin takes for what clients ask, and for a block of 32 bytes of data. */
export async function measureCalls(tall: BuiltChain, short: BuiltChain): Promise<Row[]> {
  process.stderr.write("bench: calls of plugins\n");
  await using tallPlugin = await tall.startPlugin();
  await using shortPlugin = await short.startPlugin();
  const ends = [
    { plugin: tallPlugin, height: tall.height },
    { plugin: shortPlugin, height: short.height },
  ] as const;
  for (const { plugin } of ends) await plugin.start();
  const rows: Row[] = [];
  for (const [name, read] of Object.entries(readsByName)) {
    rows.push(rowOf(`${name}, p50`, median, await timeInTurns(read, reads, ends)));
  }
  const times = await timeInTurns(cycle, cycles, ends);
  rows.push(rowOf("propose to accept, p50", median, times), rowOf("  mean", mean, times));
  const [value, beside] = ends.map(({ plugin }) => residentMegabytes(plugin)) as [number, number];
  for (const { plugin } of ends) await plugin.shutDown();
  return [...rows, { name: "RSS of the plugin behind these calls", unit: "MB", value, beside }];
}

/** Each is of another block, at random. */
const readsByName: Readonly<Record<string, Call>> = {
  getBlockByHeight: ({ plugin, height }) => plugin.call("getBlockByHeight", { height: anyOf(height) }),
  getBlockAt: ({ plugin, height }) => plugin.call("getBlockAt", { timestamp: timestampAt(anyOf(height)) }),
  find: ({ plugin, height }) => plugin.call("find", { data: `0x${dataAt(anyOf(height)).toHex()}` }),
};

function anyOf(height: number): number {
  return 1 + Math.floor(Math.random() * height);
}

function cycle({ plugin }: Served): Promise<unknown> {
  return plugin.proposeAndAccept(randomBytes(16).toHex());
}

async function timeInTurns(call: Call, count: number, [tall, short]: readonly [Served, Served]): Promise<Times> {
  const times: Times = [[], []];
  const turns = [
    { served: tall, micros: times[0] },
    { served: short, micros: times[1] },
  ];
  for (let i = -warmUps; i < count; i++) {
    for (const { served, micros } of i % 2 === 0 ? turns : turns.toReversed()) {
      const ms = await timeOf(() => call(served));
      if (i >= 0) micros.push(ms * 1_000);
    }
  }
  return times;
}

function rowOf(name: string, statistic: (values: readonly number[]) => number, [tall, short]: Times): Row {
  return { name, unit: "µs", value: statistic(tall), beside: statistic(short), mostRatio: mostTallRatio };
}
