import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BlockReader } from "../../src/store/block-reader.ts";
import { maxSliceRows } from "../../src/store/copy-chain.ts";
import { needsUpgrade } from "../../src/store/old-file.ts";
import { spareBytes } from "../../src/store/room.ts";
import { type UpgradeSummary, upgradeDatabase } from "../../src/store/upgrade.ts";
import { chainOn, genesis } from "../support/chain.ts";
import { makeOldFile, type OldContent } from "../support/old-file.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { linesOf, nextLine, startChild } from "./child-process.ts";

const mayMount = spawnSync("unshare", ["-r", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
const content: OldContent = { accepted: [genesis, ...chainOn(genesis, 20)] };

function upgrade(file: string): UpgradeSummary {
  const steps = upgradeDatabase(file);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

function versionOf(file: string): unknown {
  using db = new Database(file); // one that only reads would leave files of its own
  return db.query("PRAGMA user_version").values()[0]?.[0];
}

/** What a user of some groups says who upgrades a file that somebody has, and whose the file is then. */
async function upgradeAs(user: readonly string[], uid: number, gid: number) {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  makeOldFile(file, 3, content);
  chmodSync(directory.path, 0o777);
  chmodSync(file, 0o660);
  chownSync(file, uid, gid);
  const before = readFileSync(file);
  const child = Bun.spawn(
    ["setpriv", ...user, process.execPath, join(import.meta.dir, "child.ts"), "upgradeStepwise", file],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  child.stdin.write(".".repeat(100));
  await child.stdin.end();
  const said = JSON.parse((await child.stdout.text()).trim().split("\n").at(-1) ?? "");
  const { mode, ...owner } = statSync(file);
  const isSame = readFileSync(file).equals(before);
  const names = readdirSync(directory.path);
  return { file, said, mode: mode & 0o777, uid: owner.uid, gid: owner.gid, isSame, names };
}

describe.skipIf(process.getuid?.() !== 0)("a new file made by a user who is not root", () => {
  const inGroup = ["--reuid=1234", "--regid=1234", "--groups=5678"];

  test("keeps its group, where the user is in that", async () => {
    expect(await upgradeAs(inGroup, 1_234, 5_678)).toMatchObject({
      said: { code: "upgraded" },
      ...{ uid: 1_234, gid: 5_678, mode: 0o660, names: ["chain.db"] },
    });
  });

  test("is for no group, where the user is not in that", async () => {
    expect(await upgradeAs(["--reuid=1234", "--regid=1234", "--clear-groups"], 1_234, 5_678)).toMatchObject({
      said: { code: "upgraded" },
      ...{ uid: 1_234, gid: 1_234, mode: 0o600, names: ["chain.db"] },
    });
  });

  test("is not made where its owner would be another one", async () => {
    const { file, said, ...left } = await upgradeAs(inGroup, 4_321, 5_678);
    expect(said).toEqual({
      code: "database failed",
      file,
      problem: "it belongs to another user, and the upgraded file would belong to this one",
      cure: "run this as the owner of the file, the user who runs the node",
    });
    expect(left).toEqual({ uid: 4_321, gid: 5_678, mode: 0o660, isSame: true, names: ["chain.db"] });
  });
});

describe("two processes", () => {
  const many: OldContent = { accepted: [genesis, ...chainOn(genesis, 3 * maxSliceRows)] };

  /** A process that upgrades the file, and waits behind its first step. */
  async function begin(file: string) {
    const child = startChild("upgradeStepwise", file);
    const lines = linesOf(child);
    const goOn = () => {
      child.stdin.write(".");
      return nextLine(lines);
    };
    return { child, first: await nextLine(lines), goOn };
  }

  test("do not upgrade a file both: the second is refused, and finds the new one in the end", async () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, many);
    const { child, first, goOn } = await begin(file);
    expect(first).toMatch(/^\d+$/);
    for (const open of [() => upgrade(file), () => BlockReader.openAlone(file)]) {
      expect(refusalOf(open)).toEqual({ code: "database in use", file });
    }
    expect(needsUpgrade(file)).toBe(true);
    let line = first;
    while (line.startsWith("{") === false) line = await goOn();
    expect(JSON.parse(line)).toEqual({ code: "upgraded" });
    expect(await child.exited).toBe(0);
    expect(needsUpgrade(file)).toBe(false);
    const reader = BlockReader.openAlone(file);
    expect([...reader.records(0n, reader.lastHeight() ?? 0n)]).toHaveLength(many.accepted.length);
    reader.close();
  });

  test.each([1, 3, 5])("follow each other where the first is killed behind step %i", async (count) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, 3, many);
    const { child, goOn } = await begin(file);
    for (let i = 1; i < count; i++) await goOn();
    child.kill("SIGKILL");
    await child.exited;
    expect(readdirSync(directory.path)).toContain("chain.db.upgrade");
    expect(versionOf(file)).toBe(3);
    expect(upgrade(file)).toMatchObject({ blocks: BigInt(many.accepted.length) });
    expect(readdirSync(directory.path)).toEqual(["chain.db"]);
  });
});

test.skipIf(!mayMount)(
  "no upgrade begins where the disk would be filled: it says what must be free and what is",
  async () => {
    using directory = temporaryDirectory();
    const [old, disk] = [directory.file("old.db"), directory.file("disk")];
    makeOldFile(old, 3, content);
    mkdirSync(disk);
    const command = [process.execPath, join(import.meta.dir, "child.ts"), "upgradeStepwise", `${disk}/chain.db`];
    const script = 'mount -t tmpfs -o size=16m none "$0" && cp "$1" "$0/chain.db" && shift && "$@"; ls "$0"';
    const child = Bun.spawn(["unshare", "-r", "-m", "sh", "-c", script, disk, old, ...command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said = "", ...names] = (await child.stdout.text()).trim().split("\n");
    expect(names).toEqual(["chain.db"]);
    const needed = statSync(old).size + spareBytes;
    const free = 16 * 1024 * 1024 - Math.ceil(statSync(old).size / 4_096) * 4_096;
    expect(JSON.parse(said)).toEqual({
      code: "database failed",
      file: `${disk}/chain.db`,
      problem:
        `its upgrade to schema 4 needs ${needed.toLocaleString("en-US")} free bytes beside it, ` +
        `and there are ${free.toLocaleString("en-US")}`,
      cure: "nothing was changed: free some disk space and start again",
    });
  },
);
