import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeAll } from "../../src/cli/terminal/write-all.ts";
import { writeNewFile } from "../../src/store/new-file.ts";
import { exported, makeDatabase } from "../cli/db-support.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** Writes a new file, and does something else before it is whole. Gives the name that it had until then. */
function writeWhile(file: string, then: (unfinished: string) => void): string {
  const before = readdirSync(dirname(file));
  return writeNewFile(file, (fileDescriptor) => {
    const [name = ""] = readdirSync(dirname(file)).filter((one) => !before.includes(one));
    writeAll(fileDescriptor, "ours");
    then(name);
    return name;
  });
}

describe("a new file", () => {
  test("is there when it is whole, and had another name until then", () => {
    using directory = temporaryDirectory();
    const file = directory.file("new");
    const name = writeWhile(file, () => expect(existsSync(file)).toBeFalse());
    expect(name).toMatch(/^new\.unfinished-[0-9a-f]{16}$/);
    expect([readFileSync(file, "utf8"), readdirSync(directory.path)]).toEqual(["ours", ["new"]]);
  });

  test("has a name that nobody can know before", () => {
    using directory = temporaryDirectory();
    const names = Array.from({ length: 20 }, (_, i) =>
      writeWhile(directory.file(`${i}`), () => {})
        .split("-")
        .at(-1),
    );
    expect(new Set(names).size).toBe(20);
  });

  test("follows no link and removes nothing that stands beside it", () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("precious"), "theirs");
    symlinkSync("precious", directory.file("new.unfinished"));
    mkdirSync(directory.file("new.unfinished-0000000000000000"));
    writeWhile(directory.file("new"), () => {});
    expect(readFileSync(directory.file("precious"), "utf8")).toBe("theirs");
    expect(readdirSync(directory.path).sort()).toEqual([
      "new",
      "new.unfinished",
      "new.unfinished-0000000000000000",
      "precious",
    ]);
  });

  test.each<readonly [string, (file: string) => void]>([
    ["a file", (file) => writeFileSync(file, "theirs")],
    ["an empty file", (file) => writeFileSync(file, "")],
    ["a directory", (file) => mkdirSync(file)],
    ["a link that leads to nothing", (file) => symlinkSync("nowhere", file)],
  ])("takes the place of nothing that was there, or comes meanwhile: %s", (_name, make) => {
    using directory = temporaryDirectory();
    const [before, meanwhile] = [directory.file("before"), directory.file("meanwhile")];
    make(before);
    expect(() => writeWhile(before, () => {})).toThrow(`${before}: there is such a file already`);
    expect(() => writeWhile(meanwhile, () => make(meanwhile))).toThrow(`${meanwhile}: there is such a file already`);
    expect(lstatSync(meanwhile).mode).toBe(lstatSync(before).mode);
    expect(readdirSync(directory.path).sort()).toEqual(["before", "meanwhile"]);
  });

  test("that cannot be filled leaves nothing", () => {
    using directory = temporaryDirectory();
    const fail = () => {
      throw new Error("no more");
    };
    expect(() => writeNewFile(directory.file("new"), fail)).toThrow("no more");
    expect(readdirSync(directory.path)).toEqual([]);
  });
});

/** Lets the system say what file systems without hard links say. */
const withoutLinks = ["strace", "-f", "-o", "/dev/null", "-e", "trace=link,linkat"];
withoutLinks.push("-e", "inject=link,linkat:error=EPERM");
const mayTrace = spawnSync("strace", [...withoutLinks.slice(1), "true"]).status === 0;

test.skipIf(!mayTrace)(
  `on a disk without links, a new file is made as well${mayTrace ? "" : " (no strace here)"}`,
  () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    const [file, text] = [directory.file("chain.jsonl"), `${exported(directory.path).join("\n")}\n`];
    const run = (...args: readonly string[]) => Bun.spawnSync([...withoutLinks, ...pluginCommand, "db", ...args]);
    const { exitCode, stderr } = run("export", directory.path, "--file", file);
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    expect(readFileSync(file, "utf8")).toBe(text);
    expect(run("export", directory.path, "--file", file).stderr.toString()).toContain("there is such a file already");
    expect(run("import", directory.file("data"), "--file", file).exitCode).toBe(0);
    expect(exported(directory.file("data")).join("\n")).toBe(text.trimEnd());
    expect(readdirSync(directory.path).sort()).toEqual(["chain.jsonl", "data", "timestampvm.db"]);
    expect(readdirSync(directory.file("data"))).toEqual(["timestampvm.db"]);
  },
);
