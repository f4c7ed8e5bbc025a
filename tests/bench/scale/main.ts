import { parseArgs } from "node:util";
import { formatNumber } from "../../../src/core/format.ts";
import { printTable } from "../support/figures.ts";
import { loadSources, ownRoot } from "../support/sources.ts";
import { BuiltChain } from "./built-chain.ts";
import { measureCalls } from "./calls.ts";
import { measureFiles } from "./files.ts";
import { measureStamps } from "./stamps.ts";
import { measureStarts } from "./starts.ts";
import { measureUpgrade } from "./upgrade.ts";

// Whether it matters how tall a chain is: a tall one takes turns with a short one. `--long` gives it a million blocks;
// `--before DIR` measures as well how a file that another checkout has made is brought up to date.

const shortHeight = 1_000;

const { before, long } = parseArgs({ options: { before: { type: "string" }, long: { type: "boolean" } } }).values;
const tallHeight = long ? 1_000_000 : 50_000;

const sources = await loadSources(ownRoot);
await using tall = await BuiltChain.build(sources, tallHeight);
await using short = await BuiltChain.build(sources, shortHeight);
const rows = [
  ...measureFiles(tall, short),
  ...(await measureStarts(tall, short)),
  ...(await measureCalls(tall, short)),
  ...(await measureStamps(sources, tall, short)),
];
if (before !== undefined) rows.push(await measureUpgrade(await loadSources(before), tallHeight));
printTable(rows, [`${formatNumber(tallHeight)} blocks`, `${formatNumber(shortHeight)} blocks`]);
