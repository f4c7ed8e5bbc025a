import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { temporaryDirectory } from "../support/temporary.ts";
import { makeDatabase } from "./db-support.ts";
import { run, TestChain } from "./node-support.ts";

const directory = temporaryDirectory();
const { file } = directory;
let chain: TestChain;

beforeAll(async () => {
  chain = await TestChain.start();
  mkdirSync(file("data"));
  mkdirSync(file("folder"));
  writeFileSync(file("file"), "some data");
  makeDatabase(file("data/timestampvm.db"));
  await chain.run(["stamp", file("file")]);
});

afterAll(() => {
  chain[Symbol.dispose]();
  directory[Symbol.dispose]();
});

/** Commands up to the path of a file that they read. */
const readers = [
  ["stamp"],
  ["stamp", "--data"],
  ["find"],
  ["proof"],
  ["check-proof"],
  ["db", "import", "new.db", "--file"],
];
/** Commands up to the path of a file that they make. */
const writers = [
  ["proof", file("file"), "--output"],
  ["db", "export", file("data"), "--file"],
  ["db", "backup", file("data"), "--file"],
];
const missing = "there is no such file or directory";
const below = "a part of its path is not a directory";

describe("a path that a person gives is named, in plain words, with exit 1:", () => {
  test.each(
    readers.flatMap((words) => [
      [words, "missing", missing] as const,
      [words, "folder", "it is a directory"] as const,
      [words, "file/x", below] as const,
    ]),
  )("%j %s", async (words, name, problem) => {
    expect(await chain.run([...words, file(name)])).toMatchObject({
      code: 1,
      out: "",
      err: `error: ${file(name)}: ${problem}\n`,
    });
  });

  test.each(
    writers.flatMap((words) => [
      [words, "missing/x", missing] as const,
      [words, "folder", "there is such a file already"] as const,
      [words, "file/x", below] as const,
    ]),
  )("%j %s", async (words, name, problem) => {
    const { code, out, err } = await chain.run([...words, file(name)]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(`${file(name)}: ${problem}`);
    expect(err).not.toMatch(/\bE[A-Z]{3,}\b/);
  });

  test("dev, a genesis and a directory", async () => {
    for (const [name, problem] of [
      ["missing", missing],
      ["folder", "it is a directory"],
      ["file/x", below],
    ]) {
      const { code, err } = await run(["dev", "--genesis", `@${file(name ?? "")}`]);
      expect([code, err]).toEqual([1, `error: ${file(name ?? "")}: ${problem}\n`]);
    }
    for (const [name = "", problem] of [
      ["file/x", below],
      ["file", "it is a file, not a directory"],
    ]) {
      const { code, err } = await run(["dev", "--data-dir", file(name)]);
      expect([code, err]).toEqual([1, expect.stringContaining(`${file(name)}: ${problem}; move away`)]);
    }
    writeFileSync(file("latin1"), Uint8Array.of(0x63, 0xe9));
    const broken = await run(["dev", "--genesis", `@${file("latin1")}`]);
    expect([broken.code, broken.err]).toEqual([1, expect.stringMatching(/latin1: it is not UTF-8/)]);
  });

  const databaseCommands = [["check"], ["rollback", "--to", "1"], ["export"], ["backup", "--file", file("copy")]];

  test.each(databaseCommands.map((words) => [words] as const))("db %j, a database", async (words) => {
    for (const name of ["missing", "folder"]) {
      const { code, err } = await run(["db", ...words, file(name)]);
      expect([code, err]).toEqual([1, `error: ${file(name)}/timestampvm.db: there is no such file\n`]);
    }
    const { code, err } = await run(["db", ...words, file("file")]);
    expect([code, err]).toEqual([1, expect.stringContaining("it is not a database of timestampvm; check the path")]);
  });
});
