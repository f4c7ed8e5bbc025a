import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { sha256, TestChain } from "./node-support.ts";

let chain: TestChain;

beforeAll(async () => {
  chain = await TestChain.start();
});
afterAll(() => chain[Symbol.dispose]());

const program = pluginCommand.map((word) => `'${word}'`).join(" ");

/** Runs a line of shell in which `timestampvm` is the program, beside files with these names in Latin-1 or UTF-8. */
async function shell(script: string, environment: Record<string, string> = {}) {
  using directory = temporaryDirectory();
  const at = (name: string, encoding: "latin1" | "utf8") => Buffer.from(`${directory.path}/${name}`, encoding);
  writeFileSync(at("caf\xe9", "latin1"), "mine");
  writeFileSync(at("caf\ufffd", "utf8"), "other");
  writeFileSync(at("empty", "utf8"), "");
  mkdirSync(at("d\xe9", "latin1"));
  const child = Bun.spawn(["bash", "-c", `timestampvm() { ${program} "$@"; }\n${script}`], {
    cwd: directory.path,
    env: { PATH: process.env.PATH ?? "", TIMESTAMPVM_URL: chain.url, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, out, err };
}

describe.skipIf(process.platform !== "linux")("bytes that are not UTF-8", () => {
  test("are no text", async () => {
    const { code, out, err } = await shell("timestampvm stamp --text $'M\\xfcller owes 5'");
    expect([code, out, err]).toEqual([2, "", expect.stringContaining("--text: it is not UTF-8: M\\xfcller owes 5\n")]);
    expect(await shell("timestampvm genesis $'a\\xed\\xa0\\x80'")).toMatchObject({ code: 2, out: "" });
  });

  test("name exactly the file that has them", async () => {
    const { code, out } = await shell("timestampvm stamp --no-wait $'caf\\xe9'");
    expect([code, out]).toEqual([0, expect.stringMatching(/^data +caf\\xe9, 4 bytes\n/)]);
    expect(out).toContain(sha256("mine"));
    const other = await shell("timestampvm find $'caf\\xef\\xbf\\xbd'");
    expect([other.code, other.err]).toEqual([1, expect.stringContaining(sha256("other"))]);
    const missing = await shell("timestampvm find $'\\xe9'");
    expect([missing.code, missing.err]).toEqual([1, "error: \\xe9: there is no such file or directory\n"]);
  });

  test("are as exact beside variables of the runtime", async () => {
    const { out } = await shell("timestampvm stamp $'caf\\xe9'", { BUN_INSTALL: "/x" });
    expect(out).toContain(sha256("mine"));
  });

  test("name no file that is written, and no database", async () => {
    for (const words of ["proof --text x -o $'\\xe9'", "dev --data-dir $'d\\xe9'", "db check $'d\\xe9'"]) {
      expect(await shell(`timestampvm ${words}`)).toMatchObject({ code: 2, out: "" });
    }
  });

  test("in the name of the directory make no path that is another", async () => {
    const { code, err } = await shell("cd $'d\\xe9' && timestampvm db backup chain --file copy");
    expect([code, err]).toEqual([
      2,
      "error: the name of this directory is not UTF-8: give an absolute path, not copy\n",
    ]);
    expect(await shell("cd $'d\\xe9' && timestampvm dev --data-dir chain")).toMatchObject({ code: 2, out: "" });
    expect(await shell("cd $'d\\xe9' && echo x > y && timestampvm stamp y")).toMatchObject({ code: 0 });
  });

  test("and U+FFFD itself are not the same", async () => {
    expect(await shell("timestampvm genesis $'\\xef\\xbf\\xbd'")).toMatchObject({
      code: 0,
      out: '{"data":"\ufffd"}\n',
    });
    const { code, err } = await shell("timestampvm find --text $'caf\\xef\\xbf\\xbd'");
    expect([code, err]).toEqual([1, expect.stringContaining(sha256("caf\ufffd"))]);
  });
});

describe("an empty standard input", () => {
  test.each([
    "timestampvm find < /dev/null",
    "timestampvm find < empty",
    "timestampvm find <&-",
    "timestampvm find - <&-",
    "true | timestampvm find",
    "true | timestampvm stamp",
    "true | timestampvm stamp --data",
    "true | timestampvm proof",
  ])("is wrong use: %s", async (script) => {
    const { code, out, err } = await shell(script);
    expect([code, out, err]).toEqual([2, "", expect.stringMatching(/^error: standard input is empty or closed/)]);
  });

  test.each(["true | timestampvm find -", "timestampvm find - < empty", "timestampvm find empty"])(
    "is data where it is meant: %s",
    async (script) => {
      const { code, err } = await shell(script);
      expect([code, err]).toEqual([1, expect.stringContaining(createHash("sha256").digest("hex"))]);
    },
  );
});
