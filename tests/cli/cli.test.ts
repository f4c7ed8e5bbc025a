import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import packageJson from "../../package.json" with { type: "json" };
import type { About } from "../../src/cli/about.ts";
import { runCli } from "../../src/cli/cli.ts";

const about: About = {
  name: "timestampvm",
  version: packageJson.version,
  protocols: { oldest: 16, newest: 46, default: 45 },
};

async function run(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: "", err: "" };
  const code = await runCli(args, about, {
    out: (content: string | Uint8Array) => {
      written.out += content;
    },
    err: (text) => {
      written.err += text;
    },
  });
  return { code, ...written };
}

const vmId = "tGas3T58KzdjcJ2iKSyiYsWiqYctRXaPTqBCA11BqEkNg8kPc";

describe("prints exactly", () => {
  test.each([
    ["genesis of a text", ["genesis", "hello world"], '{"data":"hello world"}\n'],
    ["genesis with escapes", ["genesis", '"\\\n\té🕰'], '{"data":"\\"\\\\\\n\\té🕰"}\n'],
    ["genesis of a text like an option", ["genesis", "--", "--help"], '{"data":"--help"}\n'],
    ["the id of a VM", ["vm-id", "timestampvm"], `${vmId}\n`],
    ["the id of another VM", ["vm-id", "subnetevm"], "srEXiWaHuhNyGwPUi444Tu47ZEDwxTWrbQiuD7FmgSAQ6X7Dy\n"],
    [
      "four keys of version-json",
      ["version-json"],
      `{"name":"timestampvm","vmid":"${vmId}","version":"${packageJson.version}","rpcchainvm":45}\n`,
    ],
    ...[16, 45, 46].map((protocol): [string, string[], string] => [
      `version-json for a tool of protocol ${protocol}`,
      ["version-json", "--rpcchainvm", String(protocol)],
      `{"name":"timestampvm","vmid":"${vmId}","version":"${packageJson.version}","rpcchainvm":${protocol}}\n`,
    ]),
    ["the version", ["--version"], `timestampvm ${packageJson.version} [rpcchainvm=16-46]\n`],
    ["the licences", ["licenses"], readFileSync("THIRD_PARTY_LICENSES.txt", "utf8")],
    ["the version, short", ["-V"], `timestampvm ${packageJson.version} [rpcchainvm=16-46]\n`],
  ])("%s", async (_name, args, out) => {
    expect(await run(args)).toEqual({ code: 0, out, err: "" });
  });

  test("the id of a name of 32 bytes", async () => {
    const { code, out } = await run(["vm-id", "x".repeat(32)]);
    expect([code, out.trim().length > 40]).toEqual([0, true]);
  });
});

test.each([
  ["EPIPE", 0, ""],
  ["ENOSPC", 1, "error: standard output: its disk is full\n"],
])("licences that cannot be written for %s end with %i", async (code, exitCode, said) => {
  const written: string[] = [];
  const ended = await runCli(["licenses"], about, {
    out: () => {
      throw Object.assign(new Error(`${code}: of the system`), { code });
    },
    err: (text) => written.push(text),
  });
  expect([ended, written.join("")]).toEqual([exitCode, said]);
});

describe("--help", () => {
  test("names every command, and goes to standard output", async () => {
    const { code, out, err } = await run(["--help"]);
    expect([code, err]).toEqual([0, ""]);
    for (const word of ["genesis", "vm-id", "version-json", "licenses", "--version", "AvalancheGo"])
      expect(out).toContain(word);
    expect(await run(["-h"])).toEqual({ code: 0, out, err: "" });
  });
});

describe("help", () => {
  test.each([
    [["help"], ["--help"]],
    [
      ["help", "db"],
      ["db", "--help"],
    ],
    [
      ["db", "help"],
      ["db", "--help"],
    ],
    [
      ["help", "stamp"],
      ["stamp", "--help"],
    ],
    [
      ["db", "help", "check"],
      ["db", "check", "--help"],
    ],
    [
      ["help", "db", "check"],
      ["db", "check", "--help"],
    ],
    [
      ["help", "stamp", "report.pdf"],
      ["stamp", "--help"],
    ],
  ])("is the same in words: %j and %j", async (words, option) => {
    const said = await run(option);
    expect(said).toMatchObject({ code: 0, out: expect.stringContaining("Usage: timestampvm"), err: "" });
    expect(await run(words)).toEqual(said);
  });

  test("is data where a command takes some", async () => {
    expect((await run(["genesis", "help"])).out).toBe('{"data":"help"}\n');
  });
});

describe("wrong use is exit 2 and a message on standard error, nothing on standard output:", () => {
  test.each([
    ["an unknown command", ["gensis", "x"], "gensis"],
    ["help for an unknown command", ["help", "gensis"], "Did you mean genesis?"],
    ["help for an unknown command of db", ["help", "db", "chek"], "Did you mean check?"],
    ["an unknown option", ["--nope"], "--nope"],
    ["an unknown option of a command", ["genesis", "--nope"], "--nope"],
    ["genesis without data", ["genesis"], "data"],
    ["genesis with two data", ["genesis", "a", "b"], "argument"],
    ["vm-id without a name", ["vm-id"], "name"],
    ["vm-id of 33 bytes", ["vm-id", "x".repeat(33)], "non-hashed name must be <= 32 bytes, found 33"],
    ["vm-id of 17 characters of 2 bytes", ["vm-id", "é".repeat(17)], "non-hashed name must be <= 32 bytes, found 34"],
    ["version-json with an argument", ["version-json", "x"], "argument"],
    ["a protocol before all", ["version-json", "--rpcchainvm", "15"], "16 to 46"],
    ["a protocol after all", ["version-json", "--rpcchainvm", "47"], "16 to 46"],
    ["a protocol that is no number", ["version-json", "--rpcchainvm", "x"], "16 to 46"],
    ["an empty command", [""], "command"],
  ])("%s", async (_name, args, words) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(words);
  });
});
