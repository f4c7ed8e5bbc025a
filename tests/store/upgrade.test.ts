import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { checkDatabase } from "../../src/store/check/check.ts";
import { bytesOf, chainOn, childOf, genesis, now } from "../support/chain.ts";
import { makeOldFile, oldInstanceId } from "../support/old-file.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { startChild } from "./child-process.ts";

setDefaultTimeout(60_000);

const chain = [genesis, ...chainOn(genesis, 20)];
const last = chain.at(-1) as Block;
const rejected = [childOf(genesis, "rival"), childOf(last, "above the head")];

function versionOf(file: string): unknown {
  using db = new Database(file, { readonly: true });
  return db.query("PRAGMA user_version").values()[0]?.[0];
}

/** What `db check` says of the file, and how many blocks it found. */
function check(file: string): { readonly problems: string[]; readonly accepted: number } {
  const problems: string[] = [];
  const watcher = { onProblem: (problem: string) => problems.push(problem), onProgress: () => undefined };
  return { problems, accepted: checkDatabase(file, watcher).accepted };
}

const versions = [1, 2] as const;

describe.each(versions)("a file of schema %i", (version) => {
  const waiting = version === 2 ? ["waits", "waits too"].map(bytesOf) : [];
  const makeFile = (file: string) => makeOldFile(file, version, { accepted: chain, rejected, waiting });

  test("is taken up with all that is in it, and has the newest schema then", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeFile(file);
    const store = BlockStore.open(file);
    expect(store.instanceId).toEqual(oldInstanceId);
    expect(store.lastAccepted()).toEqual(last);
    expect(chain.map(({ height }) => store.getBlockAtHeight(height))).toEqual(chain);
    expect(rejected.map(({ id }) => store.getDecision(id))).toEqual(["rejected", "rejected"]);
    expect([...store.proposals.readAll()].map(({ data }) => data)).toEqual(waiting);
    store.close();
    expect(versionOf(file)).toBe(3);
    expect(check(file)).toEqual({ problems: [], accepted: chain.length });
  });

  test("can be searched, and goes on", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeFile(file);
    const store = BlockStore.open(file);
    expect(chain.map(({ data }) => store.findBlock(digestOf(data), 0n))).toEqual(chain);
    expect(store.getLastBlockAt(now)).toEqual(last);
    const next = childOf(last, "next", now + 1n);
    store.proposals.add([{ digest: digestOf(next.data), data: next.data, bytes: 4, since: now, peer: undefined }]);
    store.accept(next, digestOf(next.data));
    expect(store.findBlock(digestOf(next.data), 0n)).toEqual(next);
    expect(store.getLastBlockAt(now + 1n)).toEqual(next);
    store.close();
    expect(check(file)).toEqual({ problems: [], accepted: chain.length + 1 });
  });

  test("has the same tables and indexes then as a new one", () => {
    using directory = temporaryDirectory();
    makeFile(directory.file("old.db"));
    const schemaOf = (name: string) => {
      BlockStore.open(directory.file(name)).close();
      using db = new Database(directory.file(name), { readonly: true });
      return db.query("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
    };
    expect(schemaOf("old.db")).toEqual(schemaOf("new.db"));
  });

  test("without any block is an empty one", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, version, { accepted: [] });
    const store = BlockStore.open(file);
    expect(store.lastHeight()).toBeUndefined();
    store.acceptAll(chain);
    expect(store.findBlock(digestOf(last.data), 0n)).toEqual(last);
    store.close();
  });
});

describe("an upgrade that is killed leaves a file that opens:", () => {
  const many = [genesis, ...chainOn(genesis, 3_000)];
  const steps = {
    "before its first change": "CREATE ",
    "between its indexes": "CREATE INDEX accepted_by_timestamp",
    "before its end": "PRAGMA user_version = 3",
  };
  const cases = versions.flatMap((version) => Object.entries(steps).map(([at, sql]) => [version, at, sql] as const));

  test.each(cases)("schema %i, %s", async (version, at, sql) => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    makeOldFile(file, version, { accepted: many });
    const child = startChild("upgradeAndDie", file, { env: { DIE_BEFORE: sql } });
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    const logged = statSync(`${file}-wal`).size;
    if (at === "before its first change") expect(logged).toBe(0);
    else expect(logged, "what was written is in the log, uncommitted").toBeGreaterThan(0);
    expect(check(file), "an old file still, and sound").toEqual({ problems: [], accepted: many.length });
    expect(versionOf(file)).toBe(version);
    const store = BlockStore.open(file);
    expect(store.findBlock(digestOf(many[2_000]?.data ?? genesis.data), 0n)).toEqual(many[2_000]);
    store.close();
    expect(versionOf(file)).toBe(3);
    expect(check(file)).toEqual({ problems: [], accepted: many.length });
  });
});
