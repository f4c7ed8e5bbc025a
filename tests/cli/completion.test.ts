import { describe, expect, test } from "bun:test";
import { run } from "./node-support.ts";

// What is printed for shells and for man. How the shells take it: completion.binary.test.ts.

async function printed(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await run(args);
  expect([code, err]).toEqual([0, ""]);
  return out;
}

/** What the help of a command lists: its commands and its long options. */
async function wordsOf(command: readonly string[]): Promise<readonly string[]> {
  const help = await printed("help", ...command);
  return [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z][a-z-]*)|^ {2}([a-z][a-z-]+) /gm)].map(([, a, b]) => a ?? b ?? "");
}

describe.each(["bash", "zsh", "fish"])("the script for %s", (shell) => {
  test.each(["stamp", "verify", "blocks", "db rollback", "dev"])("knows the options of %s", async (command) => {
    const script = await printed("completion", shell);
    const options = (await wordsOf(command.split(" "))).filter((word) => word.startsWith("--"));
    expect(options.length).toBeGreaterThan(2);
    for (const option of options) expect(script).toContain(shell === "fish" ? option.replace("--", "-l ") : option);
  });

  test("knows every command", async () => {
    const script = await printed("completion", shell);
    const commands = (await wordsOf([])).filter((word) => !word.startsWith("-"));
    expect(commands).toContain("upgrade");
    for (const command of commands) expect(script).toContain(command);
  });
});

test("there is no script for another shell", async () => {
  const { code, out, err } = await run(["completion", "csh"]);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain("bash, zsh, fish");
});

test("the manual page has every command, its options and its notes, and no letter that means something to man", async () => {
  const page = await printed("man");
  const text = page.replaceAll("\\-", "-");
  for (const words of ["timestampvm stamp", "timestampvm db rollback", "--files-from", "--private", "hides it."]) {
    expect(text).toContain(words);
  }
  expect(page).toMatch(/^\.TH TIMESTAMPVM 1 /);
  expect([...page].filter((letter) => letter > "\u007e")).toEqual([]);
});
