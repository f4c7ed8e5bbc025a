import type { Row } from "../support/figures.ts";
import type { Sources } from "../support/sources.ts";
import { StampedChain, stampInTurns } from "../support/stamped-chain.ts";
import type { BuiltChain } from "./built-chain.ts";

const stampsPerRound = 500;
const dataBytes = 32;

/** What the store alone takes for a stamp on top of a chain. */
export async function measureStamps(sources: Sources, tall: BuiltChain, short: BuiltChain): Promise<Row[]> {
  process.stderr.write("bench: the store alone\n");
  const chains = [tall, short].map(({ file }) => new StampedChain(sources, file));
  await stampInTurns(chains, stampsPerRound, dataBytes);
  const [cpu = Number.NaN, shortCpu] = chains.map((chain) => chain.medianCpuMicros);
  const [logged = Number.NaN, shortLogged] = chains.map((chain) => chain.loggedKib);
  for (const chain of chains) chain.close();
  return [
    { name: "CPU of the store per stamp", unit: "µs", value: cpu, beside: shortCpu },
    { name: "log written per stamp", unit: "KiB", value: logged, beside: shortLogged },
  ];
}
