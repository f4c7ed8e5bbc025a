import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DevProcess } from "../../support/dev-process.ts";
import { pluginCommand } from "../../support/plugin-command.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { median, type Row } from "../support/figures.ts";

// How long stamps of files and their proofs take on a development chain, with the start of the program.

const runs = 9;
const many = 100_000;
const some = 10_000;
const fileBytes = 1024;

export async function measureOts(): Promise<Row[]> {
  await using dev = new DevProcess([]);
  using directory = temporaryDirectory();
  const url = await dev.rpc();
  return [
    ...(await measureOne(url, directory.file("one"))),
    ...(await measureSome(url, directory.file("some"))),
    ...(await measureMany(url, directory.file("many"))),
  ];
}

async function measureOne(url: string, folder: string): Promise<Row[]> {
  const files = makeFiles(folder, runs);
  const stamps: number[] = [];
  const verdicts: number[] = [];
  for (const file of files) {
    stamps.push((await run("stamp", file, "--url", url)).ms);
    verdicts.push((await run("verify", `${file}.ots`, "--offline")).ms);
  }
  const bytes = Math.max(...files.map((file) => statSync(`${file}.ots`).size));
  return [
    { name: "stamp of a file, to its .ots on the disk", value: median(stamps), unit: "ms", most: 150 },
    { name: "verify of a file, offline", value: median(verdicts), unit: "ms", most: 100 },
    { name: "an .ots", value: bytes, unit: "bytes", most: 300 },
  ];
}

async function measureSome(url: string, folder: string): Promise<Row[]> {
  const files = makeFiles(folder, some);
  const stamped = await run("stamp", "--recursive", folder, "--url", url);
  const proofs = files.map((file) => `${file}.ots`);
  const verdicts = await run("verify", ...proofs, "--offline");
  const bytes = Math.max(...proofs.map((proof) => statSync(proof).size));
  return [
    ...rowsOf("stamp --recursive", some, stamped),
    ...rowsOf("verify, offline", some, verdicts, 0.5),
    { name: `the largest .ots of ${count(some)} in a tree`, value: bytes, unit: "bytes", most: 900 },
  ];
}

async function measureMany(url: string, folder: string): Promise<Row[]> {
  makeFiles(folder, many);
  return rowsOf("stamp --recursive", many, await run("stamp", "--recursive", folder, "--url", url), 0.2);
}

/** `most` is the goal, in milliseconds for a file. */
function rowsOf(what: string, files: number, { ms, memoryBytes }: Run, most?: number): Row[] {
  return [
    { name: `${what}, ${count(files)} files of 1 KiB, for a file`, value: ms / files, unit: "ms", most },
    { name: "the same, the program's memory at most", value: memoryBytes / 1e6, unit: "MB" },
  ];
}

function count(files: number): string {
  return files.toLocaleString("en");
}

/** All are different. */
function makeFiles(folder: string, files: number): readonly string[] {
  mkdirSync(folder);
  const content = new Uint8Array(fileBytes);
  return Array.from({ length: files }, (_, i) => {
    new DataView(content.buffer).setUint32(0, i);
    content.set(new TextEncoder().encode(folder), 4);
    const path = join(folder, `photo-${i}.jpg`);
    writeFileSync(path, content);
    return path;
  });
}

interface Run {
  readonly ms: number;
  readonly memoryBytes: number;
}

/** Throws if the program fails. That a proof has no anchor, which is 3, is no failure. */
async function run(...args: readonly string[]): Promise<Run> {
  const began = performance.now();
  const child = Bun.spawn([...pluginCommand, ...args], { env: {}, stdio: ["ignore", "ignore", "pipe"] });
  const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  const ms = performance.now() - began;
  if (code !== 0 && code !== 3) throw new Error(`${args[0]} exits with ${code}: ${said.slice(-500)}`);
  return { ms, memoryBytes: child.resourceUsage()?.maxRSS ?? Number.NaN };
}
