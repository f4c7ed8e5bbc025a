import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { spareBytes } from "../../src/store/room.ts";
import { linesOf, nextLine, startChild } from "../store/child-process.ts";
import { childOf, decideNext, genesis, propose } from "../support/chain.ts";
import { DevProcess } from "../support/dev-process.ts";
import { Operated } from "../support/operated.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { blocks, damage, db, exported, inProcess, makeDatabase } from "./db-support.ts";

/** Runs `timestampvm db backup …`, behind some words of shell. */
async function backup(args: readonly string[], before = "") {
  const child = Bun.spawn(["sh", "-c", `${before} exec "$@"`, "sh", ...pluginCommand, "db", "backup", ...args], {
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, out, err };
}

const mayMount = spawnSync("unshare", ["-r", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

describe("db backup", () => {
  test("copies in the process of the command where nobody uses the database, else asks", async () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    const args = [directory.path, "--file", directory.file("copy.db")];
    expect(await inProcess("backup", ...args)).toMatchObject({ code: 0, out: expect.stringContaining("6 blocks") });
    await using operated = await Operated.start();
    propose(operated.vm, "a");
    const asked = await inProcess("backup", operated.file, "--file", operated.directory.file("copy.db"));
    expect(asked).toMatchObject({ code: 0, out: expect.stringContaining("1 block and 1 proposal") });
  });

  test("copies a database that nobody uses", async () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    const copy = directory.file("copy.db");
    expect(await backup([directory.path, "--file", copy])).toEqual({
      code: 0,
      out: `backed up 6 blocks and 2 proposals as ${copy}\nlast accepted  ${blocks[5]?.id}\n`,
      err: "",
    });
    expect(exported(copy)).toEqual(exported(directory.file("timestampvm.db")));
    expect(statSync(copy).mode & 0o777).toBe(0o600);
  });

  test("asks the process that uses it", async () => {
    await using operated = await Operated.start();
    const { vm, directory, file } = operated;
    propose(vm, "a", "b");
    const { id } = decideNext(vm);
    const copy = directory.file("copy.db");
    expect(await backup([file, "--file", copy])).toEqual({
      code: 0,
      out: `backed up 2 blocks and 1 proposal as ${copy}\nlast accepted  ${id}\n`,
      err: "",
    });
    expect(await backup([file, "--file", copy])).toEqual({
      code: 1,
      out: "",
      err: `error: no backup was made: ${copy}: there is such a file already\n`,
    });
  });

  test("takes a path from where it is run, of a chain that dev keeps", async () => {
    using directory = temporaryDirectory();
    await using dev = new DevProcess(["--data-dir", directory.file("data")]);
    await dev.rpc();
    const child = Bun.spawn([...pluginCommand, "db", "backup", "data", "--file", "copy.db"], { cwd: directory.path });
    expect(await child.exited).toBe(0);
    expect(db("check", directory.file("copy.db")).code).toBe(0);
    expect(await dev.end("SIGTERM")).toBe(0);
    expect(readdirSync(directory.file("data"))).toEqual(["timestampvm.db"]);
  });

  test("says that another process uses the file and has no door", async () => {
    using directory = temporaryDirectory();
    const child = startChild("hold", directory.file("timestampvm.db"));
    await nextLine(linesOf(child));
    const { code, err } = await backup([directory.path, "--file", directory.file("copy.db")]);
    expect([code, err]).toEqual([1, expect.stringMatching(/, or it is upgrading the database\n$/)]);
    child.stdin.end();
    await child.exited;
  });

  test("leaves nothing of a damaged database, or where the file cannot be written", async () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    const missing = directory.file("missing/copy.db");
    expect(await backup([directory.path, "--file", missing])).toMatchObject({
      code: 1,
      err: `error: no backup was made: ${missing}: there is no such file or directory; it is written by user ${process.getuid?.()}\n`,
    });
    damage(directory.file("timestampvm.db"), "DELETE FROM blocks WHERE height = 3");
    const { code, err } = await backup([directory.path, "--file", directory.file("copy.db")]);
    expect([code, err]).toEqual([1, expect.stringContaining("the block at height 3 is missing")]);
    expect(readdirSync(directory.path)).toEqual(["timestampvm.db"]);
  });

  test("leaves nothing where the system takes no more bytes", async () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file, { blocks: [genesis, childOf(genesis, new Uint8Array(900_000))], rejected: [] });
    const limits = "trap '' XFSZ; ulimit -S -f 1000;"; // of 512 bytes each
    const { code, err } = await backup([file, "--file", directory.file("copy.db")], limits);
    expect(code).toBe(1);
    expect(err).toStartWith(`error: no backup was made: ${directory.file("copy.db")}: `);
    expect(readdirSync(directory.path)).toEqual(["timestampvm.db"]);
    expect(db("check", file).code).toBe(0);
  });

  test.skipIf(!mayMount)("does not begin where the disk would be filled", async () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    mkdirSync(directory.file("disk"));
    const command = [...pluginCommand, "db", "backup", directory.path, "--file", directory.file("disk/copy.db")];
    const script = `mount -t tmpfs -o size=16m none "$0" && "$@"; code=$?; ls "$0"; exit $code`;
    const child = Bun.spawn(["unshare", "-r", "-m", "sh", "-c", script, directory.file("disk"), ...command], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    expect([code, out]).toEqual([1, ""]);
    const needed = statSync(directory.file("timestampvm.db")).size + spareBytes;
    expect(err).toBe(
      `error: no backup was made: it needs ${needed.toLocaleString("en-US")} free bytes in ${directory.file("disk")}, ` +
        "and there are 16,777,216\n",
    );
  });
});
