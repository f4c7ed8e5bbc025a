import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import type { Disk } from "../../src/store/disk.ts";
import { FileError } from "../../src/store/errors.ts";
import { vmErrorOf, vmRefusalOf } from "../../src/vm/refusal.ts";
import { askedChainOf, proposeSynced, viewOf } from "../../src/vm/synced.ts";
import { bytesOf, decideNext, startVm, submissionsOf } from "../support/chain.ts";
import { reasonOf, stateOf } from "../support/promise.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** A chain in a file, whose syncs end when the test says so. */
function startOnDisk() {
  const directory = temporaryDirectory();
  let sync = Promise.withResolvers<void>();
  const disk: Disk = {
    syncLog: () => {
      sync = Promise.withResolvers<void>();
      return sync.promise;
    },
    checkpoint: async () => {},
    close: async () => {},
  };
  const { vm } = startVm({ file: directory.file("chain.db"), disk });
  return {
    vm,
    endSync: () => sync.resolve(),
    failSync: () => sync.reject(Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" })),
    [Symbol.dispose]: () => {
      vm.close();
      directory[Symbol.dispose]();
    },
  };
}

const digest = digestOf(bytesOf("data"));

describe("an answer to clients", () => {
  test("about waiting proposals comes when these are on the disk", async () => {
    using chain = startOnDisk();
    const { vm, endSync } = chain;
    const taken = Promise.resolve(proposeSynced(vm)(submissionsOf(bytesOf("data"))));
    const asked = Promise.resolve(askedChainOf(vm).undecided(digest));
    const seen = Promise.resolve(viewOf(vm).receiptOf(digest));
    for (const promise of [taken, asked, seen]) expect(await stateOf(promise)).toBe("waiting");
    endSync();
    expect([await taken, await asked, await seen]).toEqual([[undefined], "pending", { status: "pending" }]);
  });

  test("about unknown data does not wait", () => {
    using chain = startOnDisk();
    expect(askedChainOf(chain.vm).undecided(digest)).toBe("unknown");
    expect(viewOf(chain.vm).receiptOf(digest)).toEqual({ status: "unknown" });
    expect(askedChainOf(chain.vm).status()).toEqual(viewOf(chain.vm).status());
  });

  test("about a block comes when it is synced, and about a later one with the next sync", async () => {
    using chain = startOnDisk();
    const { vm, endSync } = chain;
    vm.propose(submissionsOf(bytesOf("data"), bytesOf("more")));
    void vm.synced();
    const block = decideNext(vm);
    const next = decideNext(vm);
    expect(vm.confirmed.last.height).toBe(0n);
    endSync();
    await Bun.sleep(0);
    expect(vm.confirmed.last.height).toBeLessThanOrEqual(1n);
    expect(vm.lastAccepted).toEqual(next);
    expect(block.height).toBe(1n);
  });

  test("after a failed sync is an error", async () => {
    using chain = startOnDisk();
    const { vm, failSync } = chain;
    const taken = Promise.resolve(proposeSynced(vm)(submissionsOf(bytesOf("data"))));
    taken.catch(() => {});
    decideNext(vm);
    failSync();
    expect(vmRefusalOf(await reasonOf(taken))).toMatchObject({ code: "database failed" });
    expect(
      vmRefusalOf(await reasonOf(Promise.resolve(proposeSynced(vm)(submissionsOf(bytesOf("again")))))),
    ).toMatchObject({ code: "database failed" });
    expect(vm.confirmed.last.height).toBe(0n);
    expect(() => vm.checkHealth()).toThrow(FileError);
  });
});

test.each([
  { code: "database in use", file: "/a" },
  { code: "database failed", file: "/a", problem: "p", cure: "c" },
  { code: "too many waiting", waiting: 3 },
  { code: "too many answers" },
  { code: "answers too large" },
  { code: "shut down" },
  { code: "mempool full", items: 1, bytes: 2 },
] as const)("a refusal that crosses to another thread is the same error there: $code", (refusal) => {
  const error = vmErrorOf(refusal);
  expect(vmRefusalOf(error)).toEqual(refusal);
  expect(error.message.length).toBeGreaterThan(0);
});
