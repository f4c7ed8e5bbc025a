import { describe, expect, spyOn, test } from "bun:test";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { maxLineBytes, readLines } from "../../src/cli/db/read-lines.ts";
import { ProgressLine } from "../../src/cli/terminal/progress-line.ts";
import { writeAll } from "../../src/cli/terminal/write-all.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { db, dbWatched, makeDatabase } from "./db-support.ts";

describe("progress", () => {
  function watched() {
    const written: string[] = [];
    let ms = 10_000;
    const progress = new ProgressLine(
      (text) => written.push(text),
      () => ms,
    );
    return { written, progress, pass: (more: number) => (ms += more) };
  }

  test("is shown after a second and a half, five times a second, and gone at the end", () => {
    const { written, progress, pass } = watched();
    for (let i = 1; i <= 1_000; i++) {
      progress.show(i, 1_000);
      pass(2);
    }
    progress.clear();
    progress.clear();
    expect(written).toEqual([
      "\r\u001b[K751 of 1,000 blocks, about 1 s left",
      "\r\u001b[K851 of 1,000 blocks, about 1 s left",
      "\r\u001b[K951 of 1,000 blocks, about 1 s left",
      "\r\u001b[K",
    ]);
  });

  test("shows what there is where nobody knows how much comes", () => {
    const { written, progress, pass } = watched();
    pass(1_500);
    progress.show(1_234, undefined, "bytes");
    expect(written).toEqual(["\r\u001b[K1,234 bytes"]);
  });

  test("of something short is not shown", () => {
    const { written, progress, pass } = watched();
    progress.show(1, 2);
    pass(1_499);
    progress.show(2, 2);
    progress.clear();
    expect(written).toEqual([]);
  });
});

describe("a person who waits for", () => {
  test.each([
    ["check", ["."]],
    ["rollback", [".", "--to", "0", "--yes"]],
    ["export", ["."]],
    ["import", ["copy.db", "--file", "chain.jsonl"]],
  ] as const)("db %s sees how far it is, and a log does not", (command, args) => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    db("export", directory.path, "--file", directory.file("chain.jsonl"));
    const paths = args.map((word) => (word.startsWith("-") || word === "0" ? word : directory.file(word)));
    let ms = 0;
    const now = spyOn(performance, "now").mockImplementation(() => (ms += 1_500));
    try {
      const [first = "", ...rest] = dbWatched(command, ...paths).err.split("\r\u001b[K");
      expect(first).toBe("");
      expect(rest.length).toBeGreaterThan(1);
      expect(rest[0]).toMatch(/^[1-6] of [5-6] blocks, about \d+ s left$/);
      expect(rest.at(-1), "at the end it is gone").not.toContain(" of ");
      if (command !== "import") expect(db(command, ...paths).err).not.toContain(" of ");
    } finally {
      now.mockRestore();
    }
  });
});

describe("lines of a file", () => {
  function linesIn(content: string): string[] {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("lines"), content);
    const fileDescriptor = openSync(directory.file("lines"), "r");
    try {
      return [...readLines(fileDescriptor)];
    } finally {
      closeSync(fileDescriptor);
    }
  }

  test.each<readonly [string, string, readonly string[]]>([
    ["nothing", "", []],
    ["one without an end", "a", ["a"]],
    ["one", "a\n", ["a"]],
    ["empty ones", "\n\na\n\n", ["", "", "a", ""]],
    ["characters of several bytes", "é\n🕰\n", ["é", "🕰"]],
  ])("%s", (_name, content, lines) => {
    expect(linesIn(content)).toEqual([...lines]);
  });

  test.each([262_143, 262_144, 262_145, 3_000_000])(
    "of %i bytes, longer than what is read at once or not",
    (length) => {
      const lines = ["x".repeat(length), "", "é".repeat(length / 2), "y"];
      expect(linesIn(lines.join("\n"))).toEqual(lines);
    },
  );

  test("as long as one may be, and no longer", () => {
    expect(linesIn("x".repeat(maxLineBytes))).toHaveLength(1);
    expect(() => linesIn("x".repeat(maxLineBytes + 1))).toThrow(`longer than ${maxLineBytes} bytes`);
  });
});

test("what cannot be written at all is an error", () => {
  using directory = temporaryDirectory();
  writeFileSync(directory.file("read"), "");
  const fileDescriptor = openSync(directory.file("read"), "r");
  expect(() => writeAll(fileDescriptor, "x")).toThrow("EBADF");
  closeSync(fileDescriptor);
});
