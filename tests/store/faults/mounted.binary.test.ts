import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BlockStore } from "../../../src/store/block-store.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { linesOf, nextLine } from "../child-process.ts";

const mayMount = spawnSync("unshare", ["-r", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
const skipped = mayMount ? "" : " (skipped: this system lets us mount nothing)";

/** A small file system that nobody else sees, and a shell that may do anything to it; both end with the scope. */
function mountDisk(path: string, size: string) {
  mkdirSync(path);
  const shell = Bun.spawn(["unshare", "-r", "-m", "sh", "-eu"], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const lines = linesOf(shell);
  const run = (command: string) => void shell.stdin.write(`${command}\n`);
  run(`mount -t tmpfs -o size=${size} none ${path}`);
  const child = join(import.meta.dir, "..", "child.ts");
  /** The next thing that a child says. */
  const hear = async () => JSON.parse(await nextLine(lines)) as Record<string, unknown>;
  return {
    run,
    // Without the options that it has: "uid=1000" is refused where that user is root.
    remount: (options: string) => run(`mount --options-source disable -o remount,${options} ${path}`),
    /** Starts `child.ts` with a task. Its input stays open until `run("exec 9>&-")`. */
    start: (task: string, file: string) => {
      run(`rm -f ${path}-input && mkfifo ${path}-input`);
      run(`${process.execPath} ${child} ${task} ${file} <${path}-input & exec 9>${path}-input`);
    },
    kill: () => run("kill -9 $! && { wait $!; } 2>/dev/null || true"),
    hear,
    /** The chain on it, which is copied to where we can read it, must have all blocks up to a height. */
    expectWhole: async (height: number) => {
      run(`cp -r ${path} ${path}-copy && echo 0`);
      await hear();
      expectWhole(join(`${path}-copy`, "timestampvm.db"), height);
    },
    [Symbol.asyncDispose]: async () => {
      shell.stdin.end();
      await shell.exited;
    },
  };
}

function expectWhole(file: string, height: number): void {
  const store = BlockStore.open(file);
  expect(store.lastAccepted().height).toBe(BigInt(height));
  for (let at = 0n; at <= height; at++) {
    const id = store.getIdAtHeight(at);
    expect(id && store.getBlock(id)?.height).toBe(at);
  }
  store.close();
  using db = new Database(file);
  expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
}

describe.skipIf(!mayMount)(`a file system${skipped}`, () => {
  const full = {
    code: "database failed",
    problem: "database or disk is full",
    cure: "free some disk space and start the node again",
  };

  test("that is full, and then is not", async () => {
    using directory = temporaryDirectory();
    const disk = directory.file("disk");
    const file = join(disk, "timestampvm.db");
    await using mounted = mountDisk(disk, "3m");
    mounted.start("acceptUntilRefused", file);
    const { refusal, height } = await mounted.hear();
    expect(refusal).toMatchObject(full);
    mounted.remount("size=64m");
    mounted.run("exec 9>&- && wait");
    expect(await mounted.hear()).toEqual({ height: Number(height) + 1 });
    await mounted.expectWhole(Number(height) + 1);
  });

  test("that is full when the process is killed, and when the next one starts", async () => {
    using directory = temporaryDirectory();
    const disk = directory.file("disk");
    const file = join(disk, "timestampvm.db");
    await using mounted = mountDisk(disk, "3m");
    mounted.start("acceptUntilRefused", file);
    const { height } = await mounted.hear();
    mounted.kill();
    mounted.start("acceptUntilRefused", file);
    const again = await mounted.hear();
    expect(again).toMatchObject({ height, refusal: full });
    mounted.kill();
    await mounted.expectWhole(Number(height));
  });

  test("that is read-only, and then is not", async () => {
    using directory = temporaryDirectory();
    const disk = directory.file("disk");
    const file = join(disk, "timestampvm.db");
    await using mounted = mountDisk(disk, "3m");
    mounted.start("acceptUntilRefused", file);
    const { height } = await mounted.hear();
    mounted.kill();
    mounted.remount("ro");
    for (const [name = "", problem = ""] of [
      ["timestampvm.db", "timestampvm.db"],
      ["other.db", "other.db"],
      ["new/timestampvm.db", "new"], // a directory that cannot be made
    ]) {
      mounted.start("tryToOpen", join(disk, name));
      expect(await mounted.hear()).toMatchObject({
        code: "database failed",
        file: join(disk, problem),
        cure: "make the file and its directory writable for the user who runs the node",
      });
    }
    mounted.remount("rw,size=64m");
    mounted.start("tryToOpen", file);
    expect(await mounted.hear()).toEqual({ code: "opened" });
    await mounted.expectWhole(Number(height));
  });
});
