import { dlopen, ptr } from "bun:ffi";
import { expect, test } from "bun:test";
import { BlockStore } from "../../src/store/block-store.ts";
import { expectOpenFiles, raiseLimit } from "../../src/store/open-files.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const isLinux = process.platform === "linux";

/** RLIMIT_NOFILE of Linux. */
const openFiles = 7;

/** Does something while this process may open no more files. */
function withoutFiles(work: () => void): void {
  const call = { args: ["i32", "ptr"], returns: "i32" } as const;
  const libc = dlopen("libc.so.6", { getrlimit: call, setrlimit: call });
  const [soft, hard] = [0, 1] as const;
  const limits = new BigUint64Array(2);
  expect(libc.symbols.getrlimit(openFiles, ptr(limits))).toBe(0);
  const none = new BigUint64Array([3n, limits[hard] ?? 0n]); // there are standard input, output and error
  expect(limits[soft]).toBeGreaterThan(3n);
  expect(libc.symbols.setrlimit(openFiles, ptr(none))).toBe(0);
  try {
    work();
  } finally {
    libc.symbols.setrlimit(openFiles, ptr(limits));
    libc.close();
  }
}

test.skipIf(!isLinux)("where no file may be opened, every error says to raise the limit", () => {
  using directory = temporaryDirectory();
  const [old, fresh] = [directory.file("old.db"), directory.file("fresh.db")];
  BlockStore.open(old).close();
  const refusals: unknown[] = [];
  withoutFiles(() => {
    expect(expectOpenFiles).toThrow(`EMFILE: too many open files, 48 more are needed: ${raiseLimit}`);
    for (const file of [old, fresh]) refusals.push(refusalOf(() => BlockStore.open(file)));
  });
  expect(refusals).toMatchObject([
    { code: "database failed", file: old, problem: "unable to open database file", cure: raiseLimit },
    { code: "database failed", file: fresh, cure: raiseLimit },
  ]);
  expect(expectOpenFiles).not.toThrow();
  BlockStore.open(old).close();
});
