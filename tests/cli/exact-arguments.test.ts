import { describe, expect, test } from "bun:test";
import { bytesOfArgument, exactArguments, showArgument } from "../../src/cli/terminal/exact-arguments.ts";
import { run } from "./node-support.ts";

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
      ["status", "--url", ""],
      ["block", ""],
      ["block", "--at", ""],
      ["blocks", "--limit", ""],
      ["blocks", "--from", ""],
      ["blocks", "--order", ""],
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
      ["db", "export", ""],
      ["db", "export", "db", "--file", ""],
      ["db", "import", "", "--file", "x"],
      ["db", "import", "db", "--file", ""],
      ["db", "backup", "", "--file", "x"],
      ["db", "backup", "db", "--file", ""],
      ["help", ""],
      [""],
    ].map((args) => [args] as const),
  )("%j", async (args) => {
    const { code, out, err } = await run(args);
    expect([code, out, err]).toEqual([2, "", expect.stringMatching(/^error: .+/)]);
  });
});
