import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { childOf } from "../support/chain.ts";
import { runs } from "../support/runs.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { linesOf, startChild } from "./child-process.ts";

const kills = runs(20, 1_000);

/** Lets a process accept blocks, and kills it once it has said `words` lines. Gives the last height it acknowledged. */
async function killAfter(words: number, file: string): Promise<bigint> {
  const child = startChild("acceptForEver", file);
  let acknowledged = -1n;
  let said = 0;
  for await (const line of linesOf(child)) {
    if (/^\d+$/.test(line)) acknowledged = BigInt(line);
    if (++said === words) child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  return acknowledged;
}

/** The newest blocks, and SQLite's own opinion of the whole file. Gives the height. */
function checkWhole(file: string): bigint {
  const store = BlockStore.open(file);
  const empty = store.getIdAtHeight(0n) === undefined;
  const height = empty ? -1n : store.lastAccepted().height;
  if (!empty) {
    let block = store.lastAccepted();
    for (; block.height > 0n && block.height > height - 200n; block = store.getBlock(block.parentId) ?? block) {
      expect(store.getIdAtHeight(block.height)).toBe(block.id);
      expect(store.proposals.has(digestOf(block.data)), "its proposal goes with the block").toBeFalse();
    }
    const next = childOf(store.lastAccepted(), "after the kill");
    store.accept(next, digestOf(next.data));
    store.rewind(height);
  }
  store.close();
  using db = new Database(file);
  expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  return height;
}

test("a process that is killed while it accepts loses nothing that it acknowledged", async () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  let known = -1n;
  for (let kill = 0; kill < kills; kill++) {
    const acknowledged = await killAfter(3 + ((kill * 7) % 60), file);
    const height = checkWhole(file);
    expect(height).toBeGreaterThanOrEqual(acknowledged > known ? acknowledged : known);
    known = height;
  }
  expect(known).toBeGreaterThan(BigInt(kills));
});

test("a process that is killed while it makes the file leaves one that opens", async () => {
  using directory = temporaryDirectory();
  for (let kill = 0; kill < kills / 2; kill++) {
    const file = directory.file(`${kill}.db`);
    await killAfter(1 + (kill % 2), file);
    checkWhole(file);
  }
});
