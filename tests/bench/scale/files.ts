import { statSync } from "node:fs";
import { defaultConfig } from "../../../src/core/config.ts";
import { systemClock } from "../../../src/vm/clock.ts";
import { openVmAlone } from "../../../src/vm/open.ts";
import { genesisBytes, ownNode } from "../../support/chain.ts";
import { pluginCommand } from "../../support/plugin-command.ts";
import { median, type Row } from "../support/figures.ts";
import { type BuiltChain, mostTallRatio } from "./built-chain.ts";

const openings = 99;
/** Of a million blocks. */
const mostCheckSeconds = 20;

/** What is done with the file of a chain that no plugin runs. */
export function measureFiles(tall: BuiltChain, short: BuiltChain): Row[] {
  return [
    { name: "building it", unit: "s", value: tall.buildSeconds, beside: short.buildSeconds },
    { name: "bytes of the file per block", unit: "", value: bytesPerBlock(tall), beside: bytesPerBlock(short) },
    { name: "db check", unit: "s", value: timeCheck(tall), beside: timeCheck(short), most: mostCheckSeconds },
    {
      name: "opening it in a process that has opened others",
      unit: "ms",
      ...timeOpening(tall, short),
      mostRatio: mostTallRatio,
    },
  ];
}

function bytesPerBlock({ file, height }: BuiltChain): number {
  return statSync(file).size / (height + 1);
}

/** Seconds, with the start of the program. */
function timeCheck({ file }: BuiltChain): number {
  const began = performance.now();
  const { exitCode, stdout, stderr } = Bun.spawnSync([...pluginCommand, "db", "check", file]);
  if (exitCode !== 0) throw new Error(`db check: ${stdout}${stderr}`);
  return (performance.now() - began) / 1_000;
}

function timeOpening(tall: BuiltChain, short: BuiltChain): Pick<Row, "value" | "beside"> {
  const tallTimes: number[] = [];
  const shortTimes: number[] = [];
  open(short);
  for (let i = 0; i < openings; i++) {
    tallTimes.push(open(tall));
    shortTimes.push(open(short));
  }
  return { value: median(tallTimes), beside: median(shortTimes) };
}

/** Milliseconds. */
function open({ file }: BuiltChain): number {
  const began = performance.now();
  const vm = openVmAlone({
    file,
    genesisBytes,
    config: defaultConfig,
    clock: systemClock,
    nodeId: ownNode,
    gossip: () => {},
  });
  const ms = performance.now() - began;
  vm.close();
  return ms;
}
