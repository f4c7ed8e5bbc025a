import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { digestOf } from "../../src/core/digest.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { checkpoint } from "../../src/store/checkpoint.ts";
import { childOf, genesis } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { linesOf, nextLine, openElsewhere, startChild } from "./child-process.ts";

const openingOf = (file: string) => refusalOf(() => BlockStore.open(file).close());

describe("one file has one owner", () => {
  test("a second opener in another process is refused at once, as long as the first is there", async () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const store = BlockStore.open(file);
    expect(await openElsewhere(file)).toEqual({ code: "database in use", file });
    store.close();
    expect(await openElsewhere(file)).toEqual({ code: "opened" });
  });

  test("a process that was killed holds nothing", async () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const child = startChild("hold", file);
    expect(await nextLine(linesOf(child))).toBe("opened");
    expect(openingOf(file)).toEqual({ code: "database in use", file });
    child.kill("SIGKILL");
    await child.exited;
    expect(openingOf(file)).toBeUndefined();
  });

  test("a second connection, which only reads, keeps other processes out as long as it is there", async () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const store = BlockStore.open(file);
    store.accept(genesis, digestOf(genesis.data));
    const reader = BlockReader.openBeside(file);
    store.close();
    expect(reader.lastAccepted()).toEqual(genesis);
    expect(await openElsewhere(file)).toEqual({ code: "database in use", file });
    reader.close();
    expect(await openElsewhere(file)).toEqual({ code: "opened" });
  });

  test("another process cannot write after the log was synced and copied", async () => {
    using directory = temporaryDirectory();
    const store = BlockStore.open(directory.file("chain.db"));
    store.accept(genesis, digestOf(genesis.data));
    const disk = { syncLog: async () => {}, checkpoint: async () => checkpoint(store.file), close: async () => {} };
    store.syncBy(disk, new FakeClock());
    const block = childOf(genesis, "one");
    store.accept(block, digestOf(block.data));
    store.checkpoint();
    await store.synced();
    await Bun.sleep(0); // the answers of the disk have arrived
    const write = `new (require("bun:sqlite").Database)(${JSON.stringify(store.file)}).run("DELETE FROM blocks")`;
    const other = Bun.spawn([process.execPath, "-e", write], { stderr: "pipe" });
    expect(await new Response(other.stderr).text()).toContain("database is locked");
    expect(store.lastAccepted()).toEqual(block);
    store.close();
  });
});

describe("a file that was refused is not in use:", () => {
  test.each([
    ["a newer schema", "PRAGMA user_version = 5"],
    ["no table blocks", "DROP TABLE blocks"],
    ["no table meta", "DROP TABLE meta"],
  ])("%s", async (_name, sql) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    BlockStore.open(file).close();
    {
      using db = new Database(file);
      db.run(sql);
    }
    const refusal = openingOf(file);
    expect(refusal?.code).toBe("database failed");
    expect(await openElsewhere(file)).toEqual(refusal);
  });
});

describe("where no file can be, the error says what to do:", () => {
  // Root may write anywhere, so there another user must try.
  const uid = process.getuid?.() === 0 ? 65_534 : 0;
  const cure = "make the file and its directory writable for the user who runs the node";

  test("the directory may not be written", async () => {
    using directory = temporaryDirectory();
    chmodSync(directory.path, 0o555);
    for (const [name = "", problem = ""] of [
      ["chain.db", "chain.db"],
      ["new/chain.db", "new"], // a directory that cannot be made
    ]) {
      const refusal = await openElsewhere(directory.file(name), uid);
      expect(refusal).toMatchObject({ code: "database failed", file: directory.file(problem), cure });
    }
    chmodSync(directory.path, 0o755);
  });

  test.each([
    ["written", 0o444],
    ["read", 0o000],
  ])("the file may not be %s", async (_what, mode) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    BlockStore.open(file).close();
    chmodSync(file, mode);
    chmodSync(directory.path, 0o777);
    expect(await openElsewhere(file, uid)).toMatchObject({ code: "database failed", file, cure });
  });
});
