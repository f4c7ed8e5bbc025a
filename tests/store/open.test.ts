import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { genesis } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const openingOf = (file: string) => refusalOf(() => BlockStore.open(file).close());

describe("one file has one owner", () => {
  test("a second opener in the same process is refused", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const store = BlockStore.open(file);
    expect(openingOf(file)).toEqual({ code: "database in use", file });
    store.accept(genesis, digestOf(genesis.data));
    expect(store.lastAccepted()).toEqual(genesis);
    store.close();
    expect(openingOf(file)).toBeUndefined();
  });

  test("the same file by another name is the same file", () => {
    using directory = temporaryDirectory();
    const store = BlockStore.open(directory.file("chain.db"));
    symlinkSync(directory.file("chain.db"), directory.file("link.db"));
    expect(openingOf(directory.file("link.db"))?.code).toBe("database in use");
    store.close();
  });

  test("two files are two chains", () => {
    using directory = temporaryDirectory();
    const [a, b] = ["a.db", "b.db"].map((name) => BlockStore.open(directory.file(name)));
    a?.accept(genesis, digestOf(genesis.data));
    expect(b?.getIdAtHeight(0n)).toBeUndefined();
    a?.close();
    b?.close();
  });
});

describe("a file that is not ours is refused, left as it is, and released:", () => {
  const foreign: Readonly<Record<string, (file: string) => void>> = {
    "another program's database": (file) => {
      using db = new Database(file);
      db.run("CREATE TABLE blocks (id INTEGER)");
    },
    "another program's database in WAL": (file) => {
      using db = new Database(file);
      db.run("PRAGMA journal_mode = WAL");
      db.run("CREATE TABLE t (id INTEGER)");
    },
    "a text file": (file) => writeFileSync(file, "no database at all, but a text that is long enough\n".repeat(50)),
    "a short text file": (file) => writeFileSync(file, "hello"),
    "a file of zeros": (file) => writeFileSync(file, new Uint8Array(16_384)),
  };

  test.each(Object.entries(foreign))("%s", async (_name, make) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    make(file);
    const before = await Bun.file(file).bytes();
    const refusal = openingOf(file);
    expect(refusal).toMatchObject({ code: "database failed", file });
    expect(await Bun.file(file).bytes()).toEqual(before);
    rmSync(file);
    expect(openingOf(file)).toBeUndefined();
  });

  test("a newer schema, with the cure", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    BlockStore.open(file).close();
    {
      using db = new Database(file);
      db.run("PRAGMA user_version = 5");
    }
    expect(openingOf(file)).toEqual({
      code: "database failed",
      file,
      problem: "its schema 5 is newer than 4",
      cure:
        "run the timestampvm that wrote it, or import here what it exports in an older version; " +
        "if none wrote it, the file is damaged: delete the chain data directory",
    });
  });
});

describe("what is made is for its user alone", () => {
  const modeOf = (path: string) => statSync(path).mode & 0o777;
  let umask = 0;
  beforeAll(() => {
    umask = process.umask(0);
  });
  afterAll(() => {
    process.umask(umask);
  });

  test("the file, its log and its directories", () => {
    using directory = temporaryDirectory();
    const file = directory.file("a/b/chain.db");
    const store = BlockStore.open(file);
    store.accept(genesis, digestOf(genesis.data));
    const made = [directory.file("a"), directory.file("a/b"), file, `${file}-wal`];
    expect(made.map(modeOf)).toEqual([0o700, 0o700, 0o600, 0o600]);
    store.close();
  });

  test("a file and a directory that were there keep their mode, and the log has that of the file", () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.file("a"), { mode: 0o755 });
    const file = directory.file("a/chain.db");
    writeFileSync(file, "", { mode: 0o640 });
    const store = BlockStore.open(file);
    store.accept(genesis, digestOf(genesis.data));
    expect([directory.file("a"), file, `${file}-wal`].map(modeOf)).toEqual([0o755, 0o640, 0o640]);
    store.close();
  });
});

describe("where no file can be, the error says what to do:", () => {
  test("an empty file is a new one", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    writeFileSync(file, "");
    expect(openingOf(file)).toBeUndefined();
  });

  test("missing directories are made", () => {
    using directory = temporaryDirectory();
    expect(openingOf(directory.file("a/b/c/chain.db"))).toBeUndefined();
    expect(readdirSync(join(directory.path, "a/b/c"))).toEqual(["chain.db"]);
  });

  test("a directory stands in the file's place", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    mkdirSync(file);
    expect(openingOf(file)).toMatchObject({ code: "database failed", file, problem: "unable to open database file" });
  });

  test("a file stands in the directory's place", () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("data"), "");
    for (const name of ["data", "data/deep"]) {
      expect(openingOf(directory.file(`${name}/chain.db`))).toMatchObject({
        code: "database failed",
        file: directory.file(name),
        cure: "move away what stands in the place of the file or its directory",
      });
    }
  });

  test("a link that leads to nothing stands in the file's place", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    symlinkSync(directory.file("elsewhere.db"), file);
    expect(openingOf(file)).toMatchObject({
      code: "database failed",
      cure: "move away what stands in the place of the file or its directory",
    });
    expect(readdirSync(directory.path)).toEqual(["chain.db"]);
  });
});
