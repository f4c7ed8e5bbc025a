import { describe, expect, test } from "bun:test";
import { run, sha256 } from "./node-support.ts";

const commands = ["status", "block", "blocks", "stamp", "find", "proof", "check-proof"];
const id = "11111111111111111111111111111111LpoYY";
const digest = sha256("x");

describe("wrong use is exit 2, before anything is sent:", () => {
  test.each<readonly [string, string]>([
    ["status now", "too many arguments"],
    ["status --nope", "--nope"],
    ["status --url", "--url"],
    ["block 1 2", "too many arguments"],
    ["block newest", "neither a height, nor a block's id, nor latest"],
    [`block ${id}x`, "neither a height"],
    ["block 18446744073709551616", "neither a height"],
    ["block 1.5", "neither a height"],
    ["block 1 --at 2026-01-01", "not both"],
    ["block --at yesterday", "neither ISO 8601 nor Unix seconds"],
    ["block --at 1796005800000", "in milliseconds: give seconds, 1796005800"],
    ["block 1 --raw --json", "not both"],
    ["blocks 1", "too many arguments"],
    ["blocks --limit 0", "not a whole number from 1 up"],
    ["blocks --limit x", "not a whole number"],
    ["blocks --from -1", "--from"],
    ["blocks --from 18446744073709551616", "not a whole number"],
    ["blocks --order up", "descending, ascending"],
    ["stamp", "give a file, --text or --digest, or data on standard input"],
    ["stamp a b --text c", "give one of"],
    ["stamp - -", "standard input can be read only once"],
    ["find a b --text c", "give one of"],
    ["find - a -", "standard input can be read only once"],
    ["status --timeout soon", "not a number of seconds"],
    ["stamp a --text b", "give one of"],
    [`stamp --text b --digest ${digest}`, "give one of"],
    ["stamp - --text b", "give one of"],
    ["stamp --digest 12", "not a SHA-256: give 64 hex digits"],
    [`stamp --digest ${digest}0`, "not a SHA-256: 65 hex digits, not 64"],
    [`stamp --digest ${digest.replace(/./, "g")}`, "not a SHA-256: 48 bytes in base64, not 32"],
    [`find --digest ${"ab".repeat(20)}`, "40 hex digits, as SHA-1 has, not 64"],
    [`mempool . --clear ${digest}0`, "65 hex digits, not 64"],
    [`stamp --data --digest ${digest}`, "--data needs the data"],
    ["stamp --text a --timeout soon", "not a number of seconds"],
    ["stamp --text a --timeout -1", "--timeout"],
    ["find", "give a file"],
    [`find a --digest ${digest}`, "give one of"],
    ["proof", "give a file"],
    [`proof a --id ${id}`, "--id or data, not both"],
    ["proof a a", "two proofs would have the name a.proof.json"],
    ["proof a/x ./a//x", "two proofs would have the name a/x.proof.json"],
    ["proof a/x b/x --output c/", "two proofs would have the name c/x.proof.json"],
    ["proof a b --output c", "no directory for several proofs: c"],
    ["proof a b --output -", "no directory for several proofs: -"],
    [`proof a b --id ${id}`, "--id or data, not both"],
    ["proof a b --text c", "give one of"],
    ["proof --id x", "not a block's id"],
    ["proof --text a --to x", "not a block's id"],
    ["check-proof", "proof"],
    ["check-proof a b", "too many arguments"],
    ["check-proof a --to x", "not a block's id"],
    ["check-proof a --file b --text c", "give one of"],
    [`check-proof a --to ${id} --url h`, "give one of --to and --url"],
    ["check-proof a --url ftp://h", "--url: not an HTTP URL"],
    ["check-proof a --nonce 00112233445566778899aabbccddeeff", "--nonce needs the data"],
    ["proof --text a --nonce 00", "not 16 bytes in 32 hex digits"],
  ])("%s", async (line, reason) => {
    const { code, out, err } = await run(line.split(" "));
    expect([code, out, err]).toEqual([2, "", expect.stringContaining(reason)]);
  });

  test.each(["stamp", "find", "proof"])("%s at a terminal, with nothing named", async (command) => {
    const { code, err } = await run([command], { input: { fileDescriptor: 0, isTerminal: true } } as object);
    expect([code, err]).toEqual([2, expect.stringContaining("give a file")]);
  });
});

describe("--help", () => {
  test("of the program names every command", async () => {
    const { out } = await run(["--help"]);
    for (const command of commands) expect(out).toContain(`  ${command} `);
  });

  test.each(commands)("of %s says how to use it, and with which codes it exits", async (command) => {
    const { code, out, err } = await run([command, "--help"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`Usage: timestampvm ${command}`);
    expect(out).toMatch(/\nExit codes:\n {2}0 .+\n {2}1 .+\n {2}2 {2}wrong use/);
    expect(out).toContain("--json");
    expect(out.includes("TIMESTAMPVM_URL")).toBe(command !== "check-proof");
  });

  test("of stamp names 3 as well", async () => {
    expect((await run(["stamp", "--help"])).out).toMatch(/\n {2}3 {2}not accepted within --timeout/);
  });
});
