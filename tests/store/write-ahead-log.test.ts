import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { checkpoint } from "../../src/store/checkpoint.ts";
import type { Disk } from "../../src/store/disk.ts";
import { openReader } from "../../src/store/shared-database.ts";
import { childOf, genesis } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** Syncs when the test says so; checkpoints at once, where the test does not say what comes before or instead. */
class TestDisk implements Disk {
  readonly syncs: PromiseWithResolvers<void>[] = [];
  checkpoints = 0;
  beforeAnswer: () => void = () => {};

  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  syncLog(): Promise<void> {
    const sync = Promise.withResolvers<void>();
    this.syncs.push(sync);
    return sync.promise;
  }

  async checkpoint(): Promise<void> {
    this.checkpoints++;
    checkpoint(this.#file);
    this.beforeAnswer();
  }

  async close(): Promise<void> {}
}

/** A store with a chain of genesis, whose commits are synced by hand. */
function openStore() {
  const directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const store = BlockStore.open(file);
  store.accept(genesis, digestOf(genesis.data));
  const [disk, clock] = [new TestDisk(file), new FakeClock()];
  store.syncBy(disk, clock);
  let head = genesis;
  return {
    store,
    disk,
    clock,
    /** Bytes of the write-ahead log. */
    logBytes: () => statSync(`${file}-wal`).size,
    /** Commits one more block. */
    commit: (bytes = 10) => {
      head = childOf(head, new Uint8Array(bytes));
      store.accept(head, digestOf(head.data));
    },
    /** Closes it, and opens it again, as any process would: gives the height of its head. */
    reopen: () => {
      void disk.close();
      store.close();
      const again = BlockStore.open(file);
      const height = again.lastHeight();
      again.close();
      return height;
    },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

/** What has been resolved has reached those who wait for it. */
const settled = () => Bun.sleep(0);

/** What became of a promise, when it is looked at. */
function watch(promise: Promise<void> | undefined) {
  const seen = { outcome: promise === undefined ? "nothing to wait for" : "waits" };
  promise?.then(
    () => {
      seen.outcome = "synced";
    },
    (error: Error) => {
      seen.outcome = error.message;
    },
  );
  return seen;
}

describe("synced", () => {
  test("resolves when a sync that began behind the commit has ended, and one sync is for all that wait", async () => {
    using opened = openStore();
    const { store, disk, commit } = opened;
    expect(store.synced()).toBeUndefined();
    commit();
    const first = watch(store.synced());
    commit();
    const [second, third] = [watch(store.synced()), watch(store.synced())];
    expect(disk.syncs.length).toBe(1);
    await settled();
    expect(first.outcome).toBe("waits");
    disk.syncs[0]?.resolve();
    await settled();
    expect([first, second, third].map(({ outcome }) => outcome)).toEqual(["synced", "waits", "waits"]);
    expect(disk.syncs.length).toBe(2);
    disk.syncs[1]?.resolve();
    await settled();
    expect([second, third].map(({ outcome }) => outcome)).toEqual(["synced", "synced"]);
    expect(store.synced()).toBeUndefined();
    expect(opened.reopen()).toBe(2n);
  });

  test("where commits are grouped, comes once in a second", async () => {
    using opened = openStore();
    const { store, disk, clock, commit } = opened;
    store.setDurability("grouped");
    commit();
    void store.synced();
    disk.syncs[0]?.resolve();
    await settled();
    commit();
    const second = watch(store.synced());
    clock.advanceMs(999);
    expect(disk.syncs.length).toBe(1);
    clock.advanceMs(1);
    expect(disk.syncs.length).toBe(2);
    disk.syncs[1]?.resolve();
    await settled();
    expect(second.outcome).toBe("synced");
    commit();
    void store.synced();
    expect(disk.syncs.length).toBe(2);
    store.setDurability("full");
    expect(disk.syncs.length).toBe(3);
    opened.reopen();
  });

  test("where nothing need survive a power cut, asks no disk", () => {
    using opened = openStore();
    const { store, disk, commit } = opened;
    store.setDurability("normal");
    commit();
    expect(store.synced()).toBeUndefined();
    expect(disk.syncs.length).toBe(0);
    expect(opened.reopen()).toBe(1n);
  });

  test("rejects for ever when a sync has failed, with the cure, and health says so", async () => {
    using opened = openStore();
    const { store, disk, commit } = opened;
    commit();
    const waiting = watch(store.synced());
    disk.syncs[0]?.reject(Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" }));
    await settled();
    expect(waiting.outcome).toContain("i/o error; check the disk and start the node again");
    commit();
    const later = watch(store.synced());
    await settled();
    expect(later.outcome).toBe(waiting.outcome);
    expect(disk.syncs.length).toBe(1);
    expect(refusalOf(() => store.checkDisk())).toMatchObject({ code: "database failed" });
    expect(opened.reopen()).toBe(2n);
  });

  test("rejects with 'shut down' when the store is closed, which has all on the disk", async () => {
    using opened = openStore();
    opened.commit();
    const waiting = watch(opened.store.synced());
    expect(opened.reopen()).toBe(1n);
    await settled();
    expect(waiting.outcome).toBe("the VM is shut down");
  });

  test("that takes more than a second is a matter of health as long as it lasts", async () => {
    using opened = openStore();
    const { store, disk, clock, commit } = opened;
    commit();
    void store.synced();
    clock.advanceMs(999);
    store.checkDisk();
    clock.advanceMs(44_001);
    expect(refusalOf(() => store.checkDisk())).toMatchObject({ problem: "the disk has not synced it for 45 s" });
    disk.syncs[0]?.resolve();
    await settled();
    store.checkDisk();
    opened.reopen();
  });
});

describe("the log", () => {
  const megabyte = 1024 * 1024;

  test("that a killed process has left is synced before anything is shown of it", () => {
    using opened = openStore();
    expect(opened.logBytes()).toBe(0);
    opened.reopen();
  });

  test("is copied and emptied when it has grown to 16 MiB", async () => {
    using opened = openStore();
    const { disk, commit, logBytes } = opened;
    let commits = 0;
    for (; logBytes() < 16 * megabyte; commits++) {
      expect(disk.checkpoints).toBe(0);
      commit(megabyte / 4);
    }
    await settled();
    expect(disk.checkpoints).toBe(1);
    expect(logBytes()).toBe(0);
    expect(opened.reopen()).toBe(BigInt(commits));
  });

  test("is emptied only when all of it is copied; in the end commits wait for that, a tenth of a second", async () => {
    using opened = openStore();
    const { store, disk, clock, commit, logBytes } = opened;
    const pauses: boolean[] = [];
    disk.beforeAnswer = () => {
      pauses.push(store.commitPause !== undefined);
      if (store.commitPause === undefined) commit();
    };
    commit();
    store.checkpoint();
    await settled();
    expect(pauses).toEqual([false, false, false, true]);
    expect(logBytes()).toBe(0);
    expect(store.commitPause).toBeUndefined();

    disk.beforeAnswer = () => {
      if (store.commitPause !== undefined) clock.advanceMs(100);
      expect(store.commitPause).toBeUndefined();
      commit(); // it may not wait
    };
    commit();
    store.checkpoint();
    await settled();
    expect(disk.checkpoints).toBe(4 + 8);
    expect(logBytes()).toBeGreaterThan(0);
    expect(opened.reopen()).toBe(1n + 3n + 1n + 8n);
  });

  test("that has grown long on a slow disk makes commits wait longer; where nothing helps, health says so", async () => {
    using opened = openStore();
    const { store, disk, clock, commit, logBytes } = opened;
    const pauses: number[] = [];
    disk.beforeAnswer = () => {
      for (let ms = 0; store.commitPause !== undefined; ms += 100) {
        clock.advanceMs(100);
        if (store.commitPause === undefined) pauses.push(ms + 100);
      }
      commit(megabyte); // it may not wait
    };
    while (logBytes() < 256 * megabyte) {
      store.checkDisk();
      commit(megabyte);
      await settled();
    }
    expect(new Set(pauses)).toEqual(new Set([100, 1_000]));
    expect(refusalOf(() => store.checkDisk())).toMatchObject({
      code: "database failed",
      problem: expect.stringMatching(/^its write-ahead log has grown to \d+ bytes$/),
    });
    disk.beforeAnswer = () => {};
    store.checkpoint();
    await settled();
    expect(logBytes()).toBe(0);
    store.checkDisk();
    opened.reopen();
  });

  test("that somebody reads is emptied later", async () => {
    using opened = openStore();
    const { store, commit, logBytes } = opened;
    commit();
    const reader = openReader(store.file);
    reader.run("BEGIN");
    reader.query("SELECT count(*) FROM blocks").get();
    store.checkpoint();
    await settled();
    expect(logBytes()).toBeGreaterThan(0);
    commit();
    reader.close();
    store.checkpoint();
    await settled();
    expect(logBytes()).toBe(0);
    expect(opened.reopen()).toBe(2n);
  });

  test.each([
    ["a full disk", "SQLITE_FULL", undefined],
    ["a thread that ended", "", undefined],
    ["no file that could be opened", "SQLITE_CANTOPEN", undefined],
    ["an error of the disk", "SQLITE_IOERR_FSYNC", "database failed"],
  ])("that could not be copied for %s", async (_, code, refusal) => {
    using opened = openStore();
    const { store, disk, commit, logBytes } = opened;
    disk.beforeAnswer = () => {
      throw Object.assign(new Error("no"), { code });
    };
    commit();
    store.checkpoint();
    await settled();
    expect(logBytes()).toBeGreaterThan(0);
    expect(refusalOf(() => store.checkDisk())?.code).toBe(refusal as "database failed" | undefined);
    disk.beforeAnswer = () => {};
    commit();
    store.checkpoint();
    await settled();
    expect(logBytes() === 0).toBe(refusal === undefined);
    expect(opened.reopen()).toBe(2n);
  });
});
