import { describe, expect, test } from "bun:test";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { runCli } from "../../src/cli/cli.ts";
import { digestOf } from "../../src/core/digest.ts";
import { bytesOf, peer } from "../support/chain.ts";
import { Operated } from "../support/operated.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { makeDatabase } from "./db-support.ts";

const about = { name: "timestampvm", version: "1.2.3", protocols: { oldest: 16, newest: 46, default: 45 } };
const digest = (text: string) => digestOf(bytesOf(text));

/** Runs `timestampvm mempool …`. `typed` is what a person at a terminal answers; without it, nobody is there. */
async function mempool(args: readonly string[], typed?: string) {
  using directory = temporaryDirectory();
  const input = directory.file("input");
  writeFileSync(input, typed ?? "");
  const fileDescriptor = openSync(input, "r");
  const written = { out: "", err: "" };
  try {
    const code = await runCli(["mempool", ...args], about, {
      out: (content) => {
        written.out += content;
      },
      err: (text) => {
        written.err += text;
      },
      input: { fileDescriptor, isTerminal: typed !== undefined },
    });
    return { code, ...written };
  } finally {
    closeSync(fileDescriptor);
  }
}

/** A chain at which "ours" of a client and "theirs" of a peer wait, since 2023-11-14T22:13:20Z. */
async function start(): Promise<Operated> {
  const operated = await Operated.start();
  operated.vm.propose([{ data: bytesOf("ours"), caller: "192.0.2.7" }]);
  operated.vm.addGossip([bytesOf("theirs")], peer);
  return operated;
}

const waitingAt = ({ vm }: Operated) => [...vm.waiting()].map((waiting) => waiting.digest);

describe("mempool", () => {
  test("lists what waits, for people", async () => {
    await using operated = await start();
    for (const place of [operated.directory.path, operated.file]) {
      expect(await mempool([place])).toEqual({
        code: 0,
        out:
          "2 proposals, 10 bytes\n" +
          `2023-11-14T22:13:20Z  ${digest("ours")}  4 bytes  client 192.0.2.7\n` +
          `2023-11-14T22:13:20Z  ${digest("theirs")}  6 bytes  ${peer}\n`,
        err: "",
      });
    }
  });

  test("lists what waits, for programs", async () => {
    await using operated = await start();
    const { out } = await mempool([operated.directory.path, "--json"]);
    expect(out.split("\n").map((line) => line && JSON.parse(line))).toEqual([
      { id: digest("ours"), bytes: 4, since: 1_700_000_000, client: "192.0.2.7" },
      { id: digest("theirs"), bytes: 6, since: 1_700_000_000, peer },
      "",
    ]);
  });

  test("clears what peers sent", async () => {
    await using operated = await start();
    expect(await mempool([operated.directory.path, "--clear-peers"])).toEqual({
      code: 0,
      out: "cleared 1 proposal of other nodes\n",
      err: "",
    });
    expect(waitingAt(operated)).toEqual([digest("ours")]);
  });

  test("clears one proposal of a peer without a question", async () => {
    await using operated = await start();
    const id = digest("theirs");
    expect(await mempool([operated.directory.path, "--clear", `0x${id}`])).toEqual({
      code: 0,
      out: `cleared ${id}\n`,
      err: "",
    });
    expect(waitingAt(operated)).toEqual([digest("ours")]);
    expect(await mempool([operated.directory.path, "--clear", id])).toEqual({
      code: 1,
      out: "",
      err: `error: no proposal ${id} waits for a block\n`,
    });
  });

  const question =
    "A client of this node proposed it at 2023-11-14T22:13:20Z, and this node has promised it a block.\n" +
    "Clear it anyway?";

  test.each(["y\n", "Yes\n", "y"])("asks before it breaks a promise, and does after %p", async (typed) => {
    await using operated = await start();
    expect(await mempool([operated.directory.path, "--clear", digest("ours")], typed)).toEqual({
      code: 0,
      out: `cleared ${digest("ours")}\n`,
      err: `${question} [y/N] `,
    });
    expect(waitingAt(operated)).toEqual([digest("theirs")]);
  });

  test.each(["n\n", "\n", "", "yet\n", "no, yes\n"])("breaks no promise after %p", async (typed) => {
    await using operated = await start();
    expect(await mempool([operated.directory.path, "--clear", digest("ours")], typed)).toEqual({
      code: 1,
      out: "",
      err: `${question} [y/N] error: ${digest("ours")} was not cleared\n`,
    });
    expect(waitingAt(operated)).toEqual([digest("ours"), digest("theirs")]);
  });

  test("breaks no promise where nobody can be asked, and does with --yes", async () => {
    await using operated = await start();
    expect(await mempool([operated.directory.path, "--clear", digest("ours")])).toEqual({
      code: 2,
      out: "",
      err: `error: ${question}\nThere is no terminal to answer on: add --yes.\n`,
    });
    expect(waitingAt(operated)).toContain(digest("ours"));
    expect((await mempool([operated.directory.path, "--clear", digest("ours"), "--yes"])).code).toBe(0);
    expect(waitingAt(operated)).not.toContain(digest("ours"));
  });

  test.each([
    ["a wrong id", ["x", "--clear", "12"]],
    ["two wishes", ["x", "--clear", "00".repeat(32), "--clear-peers"]],
    ["no directory", []],
  ])("is used wrongly with %s", async (_name, args) => {
    expect((await mempool(args)).code).toBe(2);
  });

  test("says where nothing runs", async () => {
    using directory = temporaryDirectory();
    expect(await mempool([directory.path])).toMatchObject({
      code: 1,
      err: `error: ${directory.file("timestampvm.db")}: there is no such file\n`,
    });
    makeDatabase(directory.file("timestampvm.db"));
    const { code, err } = await mempool([directory.path]);
    expect(code).toBe(1);
    expect(err).toBe(
      `error: ${directory.path}: the process that runs this chain was not reached: ` +
        "there is no file operator-socket: no timestampvm runs this chain, or an older version runs it, " +
        "or it is upgrading the database\n",
    );
  });
});
