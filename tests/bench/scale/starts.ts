import { median, type Row, timeOf } from "../support/figures.ts";
import { type BuiltChain, mostTallRatio } from "./built-chain.ts";
import { residentMegabytes } from "./resident.ts";

const starts = 9;
const mostResidentMegabytes = 110;

interface Started {
  readonly initializeMs: number;
  readonly megabytes: number;
}

/** What it takes to start a plugin on a chain that is there. */
export async function measureStarts(tall: BuiltChain, short: BuiltChain): Promise<Row[]> {
  process.stderr.write("bench: starts of plugins\n");
  const ofTall: Started[] = [];
  const ofShort: Started[] = [];
  for (let i = 0; i < starts; i++) {
    ofTall.push(await start(tall));
    ofShort.push(await start(short));
  }
  const row = (name: string, unit: string, of: (started: Started) => number) => {
    return { name, unit, value: median(ofTall.map(of)), beside: median(ofShort.map(of)) };
  };
  return [
    { ...row("Initialize of a plugin", "ms", ({ initializeMs }) => initializeMs), mostRatio: mostTallRatio },
    { ...row("RSS of the plugin then", "MB", ({ megabytes }) => megabytes), most: mostResidentMegabytes },
  ];
}

async function start(chain: BuiltChain): Promise<Started> {
  await using plugin = await chain.startPlugin();
  const initializeMs = await timeOf(() => plugin.initialize());
  await plugin.toNormalOperation();
  const megabytes = residentMegabytes(plugin);
  await plugin.shutDown();
  return { initializeMs, megabytes };
}
