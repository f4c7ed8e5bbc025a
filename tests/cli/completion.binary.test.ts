import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// The completion of each shell, asked as the shell itself asks it at Tab, and the manual page.

let directory: ReturnType<typeof temporaryDirectory>;

beforeAll(() => {
  const missing = ["bash", "zsh", "fish", "man", "groff"].filter((name) => Bun.which(name) === null);
  if (missing.length > 0)
    throw new Error(`install ${missing.join(", ")}: on Debian, apt-get install zsh fish man-db groff-base`);
  directory = temporaryDirectory();
  for (const shell of ["bash", "zsh", "fish"]) writeFileSync(directory.file(shell), program("completion", shell));
  writeFileSync(directory.file("report.pdf"), "");
  writeFileSync(directory.file("timestampvm"), "#!/bin/sh\n", { mode: 0o755 });
});
afterAll(() => directory[Symbol.dispose]());

function program(...args: readonly string[]): string {
  const { stdout, exitCode } = Bun.spawnSync([...pluginCommand, ...args]);
  expect(exitCode).toBe(0);
  return stdout.toString();
}

function runIn(command: readonly string[], input = ""): string {
  const env = { ...process.env, PATH: `${directory.path}:${process.env.PATH}`, HOME: directory.path, TERM: "dumb" };
  return Bun.spawnSync([...command], { cwd: directory.path, env, stdin: Buffer.from(input) }).stdout.toString();
}

/** Of what is completed, and what comes. */
const cases: readonly (readonly [line: string, words: readonly string[], without: string])[] = [
  ["st", ["stamp", "status"], "find"],
  ["stamp --re", ["--recursive"], "--url"],
  ["db ch", ["check"], "backup"],
  ["blocks --order des", ["descending"], "status"],
  ["blocks --order=des", ["descending"], "status"],
  ["completion ", ["bash", "fish", "zsh"], "status"],
  ["verify re", ["report.pdf"], "status"],
  ["stamp --output re", ["report.pdf"], "status"],
  ["stamp $(touch evil) --re", ["--recursive"], "--url"],
];

/** Bash tells a function what was typed by these variables, with = as a word of its own, and offers files by itself if the function asks for it. */
function askBash(line: string): string {
  const words = `timestampvm ${line}`.split(/ |(?<==)|(?==)/).map((word) => `'${word}'`);
  const script = `
    source bash
    compopt() { COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); }
    COMP_WORDS=(${words.join(" ")}) COMP_CWORD=${words.length - 1}
    _timestampvm && printf '%s\\n' "\${COMPREPLY[@]}"`;
  return runIn(["bash", "--norc", "-c", script]);
}

function askFish(line: string): string {
  return runIn([
    "fish",
    "--no-config",
    "-c",
    `source fish; complete -C ${JSON.stringify(`timestampvm ${line}`).replaceAll("$", "\\$")}`,
  ]);
}

/**
 * Types into a shell at a terminal of its own, and gives what that shows. Control-D lists all that is possible. Before
 * the prompt, the terminal itself would take the control characters.
 */
function askZsh(line: string): string {
  const script = `
    zmodload zsh/zpty
    zpty shell "COLUMNS=200 zsh -f -i"
    zpty -w shell "unset zle_bracketed_paste; autoload -U compinit; compinit -u -D; source zsh"
    zpty -w shell "bindkey '^D' list-choices; LISTMAX=1000; zstyle ':completion:*' verbose no; PROMPT='re''ady> '"
    zpty -r -m shell seen '*ready> '
    zpty -w -n shell ${JSON.stringify(`timestampvm ${line}`).replaceAll("$", "\\$")}$'\\x04'
    zpty -w -n shell $'\\x15'"echo done"$'\\n'
    zpty -r -m shell seen $'*\\ndone*'
    print -r -- $seen`;
  return runIn(["zsh", "-f", "-c", script]);
}

describe.each([
  ["bash", askBash],
  ["fish", askFish],
  ["zsh", askZsh],
] as const)("%s", (_shell, ask) => {
  test.each(cases)("completes %s", (line, words, without) => {
    const answer = ask(line);
    for (const word of words) expect(answer).toContain(word);
    expect(answer).not.toContain(without);
  });

  test("runs nothing of what is typed", () => {
    ask("stamp $(touch evil) --re");
    expect(runIn(["ls"])).not.toContain("evil");
  });
});

test("the manual page is one that man shows without a warning", () => {
  const page = directory.file("share/man1/timestampvm.1");
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, program("man"));
  const { stdout, stderr, exitCode } = Bun.spawnSync(["man", "--warnings", "-l", page], {
    env: { ...process.env, MANPAGER: "cat", MANWIDTH: "80", LC_ALL: "C.UTF-8" },
  });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  const strict = Bun.spawnSync(["groff", "-ww", "-man", "-T", "utf8", page]);
  expect([strict.exitCode, strict.stderr.toString()]).toEqual([0, ""]);
  const text = stdout.toString();
  for (const words of ["timestampvm db rollback", "--recursive", "EXIT STATUS", "TIMESTAMPVM_URL"]) {
    expect(text).toContain(words);
  }
});
