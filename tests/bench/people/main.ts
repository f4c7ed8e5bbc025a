import { randomBytes } from "node:crypto";
import { createClient } from "../../../src/client/client.ts";
import { DevProcess } from "../../support/dev-process.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { type BuiltChain, buildChain } from "./build-chain.ts";
import { median, printTable, quantile, type Row, timeOf } from "./figures.ts";

// How long clients of a development chain wait, and whether it matters how long their chain is.

const shortHeight = 1_000;
const tallHeight = 1_000_000;
const stamps = 1_000;
const callers = 32;
/** Of each kind of call on each of the two chains, which take turns. */
const reads = 3_000;

using directory = temporaryDirectory();
const rows: Row[] = [...(await measureStamps()), ...(await measurePage())];
const short = buildChain(directory.file("short"), shortHeight);
process.stderr.write(`building a chain of ${tallHeight} blocks\n`);
const tall = buildChain(directory.file("tall"), tallHeight);
rows.push(...(await measureOpening([short, tall])), ...(await measureReads([short, tall])));
printTable(rows);

async function measureStamps(): Promise<Row[]> {
  await using dev = new DevProcess([]);
  const call = createClient(await dev.rpc());
  const stampOne = async () => {
    const { id } = await call("stamp", { data: `0x${randomBytes(32).toHex()}` });
    await call("getReceipt", { id, waitMs: 25_000 });
  };
  for (let i = 0; i < 100; i++) await stampOne();
  const alone: number[] = [];
  for (let i = 0; i < stamps; i++) alone.push(await timeOf(stampOne));
  const together: number[] = [];
  const began = performance.now();
  const caller = async () => {
    for (let i = 0; i < stamps / callers; i++) together.push(await timeOf(stampOne));
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const perSecond = together.length / ((performance.now() - began) / 1000);
  return [
    { name: "stamp to accepted, in memory, p50", value: median(alone), unit: "ms", most: 5 },
    { name: "the same, p99", value: quantile(alone, 0.99), unit: "ms" },
    { name: `stamps accepted, ${callers} callers`, value: perSecond, unit: "/s" },
  ];
}

/** What a browser transfers until it can paint: the page has everything in it. */
async function measurePage(): Promise<Row[]> {
  await using dev = new DevProcess([]);
  const call = createClient(await dev.rpc());
  for (let i = 0; i < 50; i++) await call("stamp", { data: `0x${randomBytes(32).toHex()}` });
  const response = await fetch((await dev.rpc()).replace(/rpc$/, "explorer"));
  const body = await response.bytes();
  const headers = [...response.headers].join("\r\n").length;
  return [{ name: "first page, headers and all", value: (body.length + headers) / 1000, unit: "kB", most: 50 }];
}

async function measureOpening(chains: readonly [BuiltChain, BuiltChain]): Promise<Row[]> {
  const times = chains.map(({ open }) => Array.from({ length: 7 }, open));
  const [shortMs, tallMs] = times.map(median) as [number, number];
  return [
    { name: `opening ${shortHeight} blocks`, value: shortMs, unit: "ms" },
    { name: `opening ${tallHeight} blocks`, value: tallMs, unit: "ms", most: 100 },
  ];
}

/** Each read is of another block, at random. */
async function measureReads(chains: readonly [BuiltChain, BuiltChain]): Promise<Row[]> {
  await using shortDev = new DevProcess(chains[0].devArgs);
  await using tallDev = new DevProcess(chains[1].devArgs);
  const ends = [
    { call: createClient(await shortDev.rpc()), chain: chains[0] },
    { call: createClient(await tallDev.rpc()), chain: chains[1] },
  ];
  const rows: Row[] = [];
  for (const method of ["getBlockByHeight", "getBlockAt", "find"] as const) {
    const times: [number[], number[]] = [[], []];
    for (let i = 0; i < reads + 300; i++) {
      for (const [at, { call, chain }] of ends.entries()) {
        const height = 1 + Math.floor(Math.random() * chain.height);
        const ms = await timeOf(async () => {
          if (method === "find") await call(method, { data: chain.dataAt(height) });
          else if (method === "getBlockAt") await call(method, { timestamp: chain.timestampAt(height) });
          else await call(method, { height });
        });
        if (i >= 300) times[at]?.push(ms);
      }
    }
    const [shortMs, tallMs] = times.map(median) as [number, number];
    rows.push(
      { name: `${method} in ${shortHeight} blocks`, value: shortMs * 1000, unit: "µs" },
      { name: `${method} in ${tallHeight} blocks`, value: tallMs * 1000, unit: "µs" },
      { name: `${method}: ratio`, value: tallMs / shortMs, unit: "", most: 1.2 },
    );
  }
  return rows;
}
