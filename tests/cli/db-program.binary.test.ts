import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { linesOf, nextLine, startChild } from "../store/child-process.ts";
import { chainOn, childOf, genesis } from "../support/chain.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { until } from "../support/promise.ts";
import { runs } from "../support/runs.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { blocks, damage, db, exported, makeDatabase } from "./db-support.ts";

const program = pluginCommand.map((word) => `'${word}'`).join(" ");

/** Runs a line of shell in which `db` is the command, in a directory with a database. */
async function shell(script: string, directory: string) {
  const child = Bun.spawn(["bash", "-c", `db() { ${program} db "$@"; }\n${script}`], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, out, err };
}

describe("the program", () => {
  test("checks, exports, imports and rolls back", async () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"), { rejected: [] });
    const script =
      "db export . --file chain.jsonl && db import copy.db --file chain.jsonl && db export copy.db > again";
    expect(await shell(script, directory.path)).toEqual({
      code: 0,
      out: `exported 6 blocks and 2 proposals\nimported 6 blocks and 2 proposals into copy.db\nlast accepted  ${blocks[5]?.id}\n`,
      err: "exported 6 blocks and 2 proposals\n",
    });
    expect(readFileSync(directory.file("again")).equals(readFileSync(directory.file("chain.jsonl")))).toBeTrue();
    expect(await shell("db rollback . --to 1 --yes && db check .", directory.path)).toEqual({
      code: 0,
      out: expect.stringMatching(/^rewound {8}4 blocks(.*\n)*sound\n$/),
      err: "",
    });
  });

  test("takes an export from a pipe", async () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"), { blocks: [genesis, ...chainOn(genesis, 3_000)] });
    const { code } = await shell("set -o pipefail; db export . | db import copy.db --file -", directory.path);
    expect(code).toBe(0);
    expect(exported(directory.file("copy.db"))).toEqual(exported(directory.path));
    expect(await shell("head -c 100000 <(db export .) | db import cut.db --file -", directory.path)).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringMatching(/error: standard input, line \d+: not JSON\n$/),
    });
    expect(readdirSync(directory.path).sort()).toEqual(["copy.db", "timestampvm.db"]);
  });

  test("ends quietly, and with 1, when the reader of an export goes away", async () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"), { blocks: [genesis, ...chainOn(genesis, 3_000)] });
    const { out, err } = await shell("db export . | head -1; echo $PIPESTATUS", directory.path);
    expect([out, err]).toEqual([expect.stringMatching(/^\{"type":"chain".*\}\n1\n$/), ""]);
  });

  test.skipIf(!existsSync("/dev/full"))("says that the disk is full, and exits with 1", async () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    const { code, out, err } = await shell("db export . > /dev/full", directory.path);
    expect([code, out, err]).toEqual([1, "", "error: standard output: its disk is full\n"]);
  });

  test("exits with 1 for what is not sound, and with 2 for wrong use", async () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    damage(directory.file("timestampvm.db"), "DELETE FROM blocks WHERE height = 3");
    const { code, out, err } = await shell("db check .", directory.path);
    expect([code, out]).toEqual([1, expect.stringContaining("problem: no block is accepted at height 3\n")]);
    expect(err).toStartWith("error: timestampvm.db is not sound: 2 problems\n");
    expect((await shell("db chekc .", directory.path)).code).toBe(2);
  });

  test("keeps away from a database that another process holds", async () => {
    using directory = temporaryDirectory();
    const child = startChild("hold", directory.file("timestampvm.db"));
    const lines = linesOf(child);
    await nextLine(lines);
    for (const command of ["check .", "export .", "rollback . --to 0"]) {
      const { code, out, err } = await shell(`db ${command}`, directory.path);
      expect([code, out, err]).toEqual([1, "", expect.stringContaining("is in use by another process")]);
    }
    child.stdin.end();
    expect(await child.exited).toBe(0);
  });
});

// Root reads and writes everything, so it becomes somebody else.
test.skipIf(process.getuid?.() !== 0 || Bun.which("setpriv") === null)(
  "a database that only the user of the node may write is not read, and the error says as whom it would be",
  async () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    chmodSync(directory.path, 0o755);
    chmodSync(file, 0o644);
    for (const command of ["check .", "export .", "backup . --file copy", "rollback . --to 1 --yes"]) {
      const asOther = "setpriv --reuid=65534 --regid=65534 --clear-groups";
      const { code, err } = await shell(`other() { ${asOther} ${program} db "$@"; }\nother ${command}`, directory.path);
      expect([code, err]).toEqual([1, expect.stringContaining("permission denied; run this as the user who runs the")]);
    }
  },
);

test("an import does not take the place of a chain that began meanwhile", async () => {
  using directory = temporaryDirectory();
  const original = directory.file("original.db");
  const target = directory.file("data/timestampvm.db");
  makeDatabase(original);
  const lines = exported(original);
  const importing = Bun.spawn([...pluginCommand, "db", "import", target, "--file", "-"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  importing.stdin.write(`${lines[0]}\n`);
  await importing.stdin.flush();
  await until(() => unfinishedBeside(target).length > 0);
  makeDatabase(target, { blocks: [genesis] });
  importing.stdin.write(`${lines.slice(1).join("\n")}\n`);
  importing.stdin.end();
  expect(await importing.exited).toBe(1);
  expect(await importing.stderr.text()).toBe(`error: ${target}: it holds a chain already; move it away first\n`);
  expect(exported(target).filter((line) => line.startsWith('{"type":"block"'))).toHaveLength(1);
  expect(readdirSync(directory.file("data"))).toEqual(["timestampvm.db"]);
});

test("an import that is killed leaves no database, and the next one is whole", async () => {
  using directory = temporaryDirectory();
  const original = directory.file("original.db");
  const target = directory.file("data/timestampvm.db");
  const chain = [genesis];
  for (let i = 0; i < 6_000; i++) chain.push(childOf(chain.at(-1) ?? genesis, `${i}`.repeat(20)));
  makeDatabase(original, { blocks: chain });
  const lines = exported(original);
  for (let kill = 0; kill < runs(3, 100); kill++) {
    const importing = Bun.spawn([...pluginCommand, "db", "import", target, "--file", "-"], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    // All but the end, so that it cannot be done before it is killed; more than the pipe holds, so that it has begun.
    importing.stdin.write(`${lines.slice(0, 2_000 + ((kill * 977) % 4_000)).join("\n")}\n`);
    await importing.stdin.flush();
    importing.kill("SIGKILL");
    await importing.exited;
    expect(existsSync(target)).toBeFalse();
  }
  const left = unfinishedBeside(target);
  expect(left).not.toEqual([]);
  writeFileSync(directory.file("chain.jsonl"), `${lines.join("\n")}\n`);
  expect(db("import", directory.file("data"), "--file", directory.file("chain.jsonl")).code).toBe(0);
  expect(exported(target)).toEqual(lines);
  expect(readdirSync(directory.file("data")).sort()).toEqual(["timestampvm.db", ...left]);
});

/** What imports have made beside their place, in the order of their names. */
function unfinishedBeside(target: string): string[] {
  if (!existsSync(dirname(target))) return [];
  return readdirSync(dirname(target))
    .filter((name) => name.startsWith(`${basename(target)}.unfinished-`))
    .sort();
}
