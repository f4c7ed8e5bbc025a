import { parseArgs } from "node:util";
import { temporaryDirectory } from "../../support/temporary.ts";
import { printTable, type Row } from "../support/figures.ts";
import { loadSources, ownRoot } from "../support/sources.ts";
import { StampedChain, stampInTurns } from "../support/stamped-chain.ts";

// What the store alone takes for a stamp: file, log and processor time. `--before DIR` takes turns with the sources of
// another checkout, which has its node_modules.

const stampsPerRound = 2_000;
/** The sizes of data; the goals for the file, per block byte, and for the log, in KiB per stamp. */
const sizes = [
  { name: "32 B", bytes: 32, mostStored: 0.8, mostLogged: 40 },
  { name: "1 KiB", bytes: 1_024, mostStored: 0.6, mostLogged: undefined },
] as const;

const { before } = parseArgs({ options: { before: { type: "string" } } }).values;
const roots = before === undefined ? [ownRoot] : [ownRoot, before];
const contenders = await Promise.all(roots.map(loadSources));

const rows: Row[] = [];
for (const size of sizes) rows.push(...(await measure(size)));
printTable(rows, before === undefined ? undefined : ["now", "before"]);

async function measure({ name, bytes, mostStored, mostLogged }: (typeof sizes)[number]): Promise<Row[]> {
  process.stderr.write(`bench: the store alone, ${name}\n`);
  using directory = temporaryDirectory();
  const chains = contenders.map((sources, at) => new StampedChain(sources, directory.file(`${at}.db`)));
  await stampInTurns(chains, stampsPerRound, bytes);
  return [
    row(`log written per stamp, ${name}`, "KiB", (chain) => chain.loggedKib, { most: mostLogged }),
    row(`CPU of the store per stamp, ${name}`, "µs", (chain) => chain.medianCpuMicros, { mostRatio: 0.5 }),
    row(`stored bytes per block byte, ${name}`, "", (chain) => chain.close(), { most: mostStored }),
  ];

  function row(
    name: string,
    unit: string,
    of: (chain: StampedChain) => number,
    goal: Pick<Row, "most" | "mostRatio">,
  ): Row {
    const [value = Number.NaN, beside] = chains.map(of);
    return { name, unit, value, beside, ...goal };
  }
}
