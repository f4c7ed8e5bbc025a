import { randomBytes } from "node:crypto";
import { createClient } from "../../../src/client/client.ts";
import { DevProcess } from "../../support/dev-process.ts";
import { median, printTable, quantile, type Row, timeOf } from "../support/figures.ts";
import { measureCalendar } from "./calendar.ts";
import { measureOts } from "./ots.ts";

// How long clients of a development chain wait.

const stamps = 1_000;
const callers = 32;

printTable([
  ...(await measureStamps()),
  ...(await measurePage()),
  ...(await measureOts()),
  ...(await measureCalendar()),
]);

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
  const page = (await dev.rpc()).replace(/rpc$/, "explorer");
  const sizeOf = async (encoding: string) => {
    const response = await fetch(page, { headers: { "Accept-Encoding": encoding }, decompress: false });
    const head = [...response.headers].join("\r\n").length;
    return ((await response.bytes()).length + head) / 1000;
  };
  return [
    { name: "first page, headers and all", value: await sizeOf("identity"), unit: "kB" },
    { name: "the same, compressed", value: await sizeOf("gzip"), unit: "kB", most: 60 },
  ];
}
