import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { childOf, genesis } from "../support/chain.ts";
import { pragmaOf, withConnection } from "../support/database.ts";
import { refusalOf } from "../support/refusal.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { linesOf, nextLine, startChild } from "./child-process.ts";

function expectWhole(file: string, height: bigint): void {
  const store = BlockStore.open(file);
  expect(store.lastAccepted().height).toBe(height);
  for (let at = height, block = store.lastAccepted(); at > 0n; at--) {
    const parent = store.getBlock(block.parentId);
    expect(parent?.height).toBe(at - 1n);
    if (parent !== undefined) block = parent;
  }
  store.close();
  using db = new Database(file);
  expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
}

test("a full database refuses a block whole, says why, and takes it once there is room", () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const { opened: store, connection } = withConnection(() => BlockStore.open(file));
  store.accept(genesis, digestOf(genesis.data));
  const first = childOf(genesis, "first");
  store.accept(first, digestOf(first.data));

  const large = childOf(first, new Uint8Array(200_000));
  pragmaOf(connection, `max_page_count = ${Number(pragmaOf(connection, "page_count")) + 3}`);
  for (let i = 0; i < 3; i++) {
    expect(refusalOf(() => store.accept(large, digestOf(large.data)))).toEqual({
      code: "database failed",
      file,
      problem: "database or disk is full",
      cure: "free some disk space and start the node again",
    });
    expect(store.lastAccepted()).toEqual(first);
    expect(store.getDecision(large.id)).toBeUndefined();
  }
  pragmaOf(connection, "max_page_count = 1000000");
  store.accept(large, digestOf(large.data));
  store.close();
  expectWhole(file, 2n);
});

test("where the system takes no more bytes, blocks are refused, and taken again later", async () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const child = startChild("acceptUntilRefused", file, { limitBlocks: 2_000 });
  const lines = linesOf(child);
  const full = JSON.parse(await nextLine(lines)) as { refusal: unknown; height: number };
  expect(full.refusal).toMatchObject({ code: "database failed", file });
  expect(full.height).toBeGreaterThan(3);
  const prlimit = Bun.which("prlimit"); // of Linux alone
  const lifted =
    prlimit !== null && Bun.spawnSync([prlimit, "--pid", `${child.pid}`, "--fsize=unlimited"]).exitCode === 0;
  child.stdin.end();
  const after = JSON.parse(await nextLine(lines)) as { refusal: unknown; height: number };
  await child.exited;
  if (lifted) expect(after).toEqual({ height: full.height + 1 } as never);
  else expect(after.height).toBe(full.height);
  expectWhole(file, BigInt(after.height));
});
