import { describe, expect, test } from "bun:test";
import { isUtf8 } from "node:buffer";
import { mkdirSync } from "node:fs";
import * as fc from "fast-check";
import { absolutePath } from "../../src/cli/absolute-path.ts";
import { bytesOfArgument, exactArguments, showArgument } from "../../src/cli/terminal/exact-arguments.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { run } from "./node-support.ts";

describe("an argument", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ min: 1 }),
    fc.string({ unit: "binary" }).map((text) => Buffer.from(text.replaceAll("\0", ""))),
    fc
      .constantFrom("\u00e9", "\u00ed\u00a0\u0080", "\u00c0\u0080", "\u00ef\u00bf\u00bd", "\u00e2\u0082")
      .map((text) => Buffer.from(text, "latin1")),
  );
  const arg = fc.array(bytes, { maxLength: 4 }).map((parts) => Buffer.concat(parts));

  test("has its exact bytes, and is well-formed if they are UTF-8", () => {
    fc.assert(
      fc.property(fc.array(arg), (given) => {
        const args = given.map((bytes) => bytes.toString());
        const exact = exactArguments(args, () => [Buffer.from("program"), ...given]);
        expect(exact.map(bytesOfArgument)).toEqual(given);
        expect(exact.map((arg) => arg.isWellFormed())).toEqual(given.map((bytes) => isUtf8(bytes)));
      }),
    );
  });

  test("is shown with those of its bytes that are not UTF-8", () => {
    const given = Buffer.from("caf\u00e9 \u00c3\u00bc", "latin1");
    const [exact = ""] = exactArguments([given.toString()], () => [given]);
    expect(showArgument(exact)).toBe("caf\\xe9 ü");
  });
});

describe("an argument whose bytes are not known", () => {
  const [, unknown = ""] = exactArguments(["a", "caf\ufffd"]); // this process was not given that

  test("is neither text nor the name of a file", () => {
    expect([unknown.isWellFormed(), bytesOfArgument(unknown)]).toEqual([false, undefined]);
    expect(showArgument(unknown)).toBe("caf\ufffd");
  });

  test.each([
    ["a text", ["find", "--text", unknown]],
    ["a file", ["find", unknown]],
    ["a proof", ["check-proof", unknown]],
  ])("is wrong use as %s", async (_name, args) => {
    const { code, out, err } = await run(args);
    expect([code, out, err]).toEqual([2, "", expect.stringContaining("it is not UTF-8: caf\ufffd")]);
  });
});

/** "é" in Latin-1, as `exactArguments` gives it. */
const latin = "\udce9";

describe("text that is not UTF-8 is wrong use, and its bytes are shown:", () => {
  test.each([
    [["stamp", "--text", latin], "--text"],
    [["stamp", "--data", "--text", latin], "--text"],
    [["find", "--text", latin], "--text"],
    [["proof", "--text", latin], "--text"],
    [["proof", "--text", "x", "--output", latin], "--output"],
    [["check-proof", "proof.json", "--text", latin], "--text"],
    [["status", "--url", `http://h/${latin}`], "--url"],
    [["block", latin], "which"],
    [["block", "--at", latin], "--at"],
    [["genesis", latin], "data"],
    [["vm-id", latin], "name"],
    [["dev", "--genesis", latin], "--genesis"],
    [["dev", "--genesis", `@${latin}`], "--genesis"],
    [["dev", "--data-dir", latin], "--data-dir"],
    [["mempool", latin], "database"],
    [["db", "check", latin], "database"],
    [["db", "backup", "db", "--file", latin], "--file"],
    [["db", "export", "db", "--file", latin], "--file"],
    [["db", "import", "db", "--file", latin], "--file"],
    [["help", latin], "command"],
  ])("%j", async (args, name) => {
    const { code, out, err } = await run(args);
    expect([code, out, err]).toEqual([2, "", expect.stringContaining(`error: ${name}: it is not UTF-8: `)]);
    expect(err).toContain("\\xe9");
  });
});

/** An empty one is none of a list of words, which is said as of any other. */
const ofWords = [["blocks", "--order", ""], ["help", ""], [""]] as const;

describe("an empty value is wrong use:", () => {
  test.each(
    [
      ["stamp", ""],
      ["stamp", "--text", ""],
      ["stamp", "--text="],
      ["stamp", "--text", "x", "--timeout", ""],
      ["stamp", "--text", "x", "--url", ""],
      ["find", ""],
      ["find", "--text", ""],
      ["find", "--digest", ""],
      ["proof", ""],
      ["proof", "--text", "x", "--output", ""],
      ["proof", "--id", ""],
      ["check-proof", ""],
      ["check-proof", "proof.json", "--file", ""],
      ["check-proof", "proof.json", "--text", ""],
      ["check-proof", "proof.json", "--to", ""],
      ["verify", "a.ots", "--to", ""],
      ["verify", "a.ots", "--digest", ""],
      ["find", "--text", "x", "--nonce", ""],
      ["status", "--url", ""],
      ["block", ""],
      ["block", "--at", ""],
      ["blocks", "--limit", ""],
      ["blocks", "--from", ""],
      ["genesis", ""],
      ["vm-id", ""],
      ["version-json", "--rpcchainvm", ""],
      ["dev", "--http", ""],
      ["dev", "--data-dir", ""],
      ["dev", "--genesis", ""],
      ["dev", "--block-interval", ""],
      ["mempool", ""],
      ["mempool", "db", "--clear", ""],
      ["db", "check", ""],
      ["db", "rollback", "--to", "1", ""],
      ["db", "rollback", "--to", "", "db"],
      ["db", "export", ""],
      ["db", "export", "db", "--file", ""],
      ["db", "import", "", "--file", "x"],
      ["db", "import", "db", "--file", ""],
      ["db", "backup", "", "--file", "x"],
      ["db", "backup", "db", "--file", ""],
    ].map((args) => [args] as const),
  )("%j, which may be a variable that is not set", async (args) => {
    const { code, out, err } = await run(args);
    expect([code, out, err]).toEqual([2, "", expect.stringMatching(/^error: .+it is empty. Is that a variable that/)]);
  });

  test.each(ofWords.map((args) => [args] as const))("%j", async (args) => {
    const { code, out, err } = await run(args);
    expect([code, out, err]).toEqual([2, "", expect.stringMatching(/^error: .+/)]);
  });
});

test("a path in a directory whose name is not known is given whole", () => {
  using directory = temporaryDirectory();
  const before = process.cwd();
  mkdirSync(directory.file("d\ufffd"));
  process.chdir(directory.file("d\ufffd"));
  try {
    expect(absolutePath("/a/b")).toBe("/a/b");
    expect(() => absolutePath("b")).toThrow("give an absolute path, not b");
  } finally {
    process.chdir(before);
  }
});
