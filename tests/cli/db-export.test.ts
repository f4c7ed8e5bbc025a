import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { formatGenesis, parseGenesis } from "../../src/core/genesis.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import type { StoredProposal } from "../../src/store/proposal-table.ts";
import { acceptAll, bytesOf, childOf, genesis, now, peer, startVm } from "../support/chain.ts";
import { runs } from "../support/runs.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { blocks, damage, db, makeDatabase, proposal } from "./db-support.ts";

setDefaultTimeout(60_000);

const at = (height: number) => blocks[height] ?? genesis;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

describe("db export", () => {
  test("writes the chain, its blocks, its proposals and an end, one line each", () => {
    using directory = temporaryDirectory();
    const instanceId = makeDatabase(directory.file("timestampvm.db"));
    const { code, out, err } = db("export", directory.path);
    expect([code, err]).toEqual([0, "exported 6 blocks and 2 proposals\n"]);
    const ids = `"genesis":"${genesis.id}","lastAccepted":"${at(5).id}"`;
    expect(out.split("\n")).toEqual([
      `{"type":"chain","version":1,"instanceId":"${instanceId.toHex()}",${ids},"height":5}`,
      ...blocks.map(
        ({ id, bytes }, height) => `{"type":"block","height":${height},"id":"${id}","bytes":"${base64(bytes)}"}`,
      ),
      `{"type":"proposal","since":${now},"peer":"${peer}","data":"${base64(bytesOf("waits"))}"}`,
      `{"type":"proposal","since":${now},"data":"${base64(bytesOf("block 1 on 0"))}"}`,
      '{"type":"end","blocks":6,"proposals":2}',
      "",
    ]);
    expect(db("export", directory.path, "--file", "-")).toEqual({ code, out, err });
  });

  test("writes the same into a file, and nothing else", () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    mkdirSync(directory.file("backups"));
    const file = directory.file("backups/chain.jsonl");
    expect(db("export", directory.path, "--file", file)).toEqual({
      code: 0,
      out: "exported 6 blocks and 2 proposals\n",
      err: "",
    });
    expect(readFileSync(file, "utf8")).toBe(db("export", directory.path).out);
    expect(readdirSync(directory.file("backups"))).toEqual(["chain.jsonl"]);
  });

  test("leaves a file that is there as it is", () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    const file = directory.file("chain.jsonl");
    writeFileSync(file, "precious");
    expect(db("export", directory.path, "--file", file)).toEqual({
      code: 1,
      out: "",
      err: `error: ${file}: there is such a file already\n`,
    });
    expect(readFileSync(file, "utf8")).toBe("precious");
  });

  test("says so when the file cannot be made", () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    const { code, out, err } = db("export", directory.path, "--file", directory.file("nowhere/chain.jsonl"));
    expect([code, out, err]).toEqual([1, "", expect.stringContaining("ENOENT")]);
  });

  test.each([
    ["is damaged", "UPDATE blocks SET bytes = x'00' WHERE height = 3", `block ${at(3).id} is damaged`],
    ["is missing", "DELETE FROM blocks WHERE height = 3", "the block at height 3 is missing"],
    ["is the first, and missing", "DELETE FROM blocks WHERE height = 0", "the block at height 0 is missing"],
    ["has another height", "UPDATE blocks SET height = 6 WHERE height = 5", "the block at height 5 is missing"],
  ])("of a chain of which a block %s fails, and leaves no file", (_name, sql, problem) => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"));
    damage(directory.file("timestampvm.db"), sql);
    const { code, out, err } = db("export", directory.path, "--file", directory.file("chain.jsonl"));
    expect([code, out, err]).toEqual([1, "", expect.stringContaining(problem)]);
    expect(readdirSync(directory.path)).toEqual(["timestampvm.db"]);
  });

  test("of blocks that do not follow each other fails", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const stranger = childOf(childOf(at(1), "other"), "stranger");
    makeDatabase(file, { blocks: [...blocks.slice(0, 3), stranger] });
    expect(db("export", file).err).toContain(
      `block ${stranger.id} at height 3 has parent ${stranger.parentId}, not ${at(2).id}`,
    );
  });

  test.each(["check", "export"])("changes nothing in the database, nor does db check: db %s", (command) => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    makeDatabase(file);
    const before = readFileSync(file);
    expect(db(command, file).code).toBe(0);
    expect(readFileSync(file).equals(before)).toBeTrue();
  });
});

/** A chain as it can be: any data, times that stand still or leap, bytes in another form than ours. */
const chains = fc
  .record({
    first: fc.string(),
    steps: fc.array(
      fc.record({
        data: fc.uint8Array({ maxLength: 200 }),
        seconds: fc.oneof(fc.nat(3), fc.constant(2 ** 40)),
        space: fc.constantFrom("", " ", "\n\t"),
      }),
      { maxLength: 12 },
    ),
    waiting: fc.uniqueArray(
      fc.record({ data: fc.uint8Array({ maxLength: 50 }), from: fc.option(fc.nat(255)), since: fc.nat(2 ** 40) }),
      { maxLength: 5, selector: ({ data }) => data.toHex() },
    ),
  })
  .map(({ first, steps, waiting }) => {
    const made: Block[] = [parseGenesis(bytesOf(formatGenesis(first.toWellFormed())))];
    for (const { data, seconds, space } of steps) {
      const { id: parentId, height, timestamp } = made.at(-1) ?? genesis;
      const block = createBlock({ parentId, height: height + 1n, timestamp: timestamp + BigInt(seconds), data });
      made.push(parseBlock(new Uint8Array([...bytesOf(space), ...block.bytes, ...bytesOf(space)])));
    }
    const proposals: StoredProposal[] = waiting.map(({ data, from, since }) => ({
      ...proposal(data, from === null ? undefined : nodeIdFromBytes(new Uint8Array(20).fill(from))),
      since: BigInt(since),
    }));
    return { blocks: made, proposals };
  });

describe("an export that is imported", () => {
  test("is the same chain again, whatever it holds, and is exported as the same bytes", () => {
    using directory = temporaryDirectory();
    let count = 0;
    fc.assert(
      fc.property(chains, ({ blocks: made, proposals: waiting }) => {
        const path = directory.file(`${++count}`);
        makeDatabase(join(path, "timestampvm.db"), { blocks: made, proposals: waiting, rejected: [] });
        expect(db("export", path, "--file", `${path}/chain.jsonl`).code).toBe(0);
        const copy = `${path}/copy.db`;
        expect(db("import", copy, "--file", `${path}/chain.jsonl`)).toEqual({
          code: 0,
          out:
            `imported ${made.length} block${made.length === 1 ? "" : "s"} and ` +
            `${waiting.length} proposal${waiting.length === 1 ? "" : "s"} into ${copy}\n` +
            `last accepted  ${made.at(-1)?.id}\n`,
          err: "",
        });
        expect(readdirSync(path).sort()).toEqual(["chain.jsonl", "copy.db", "timestampvm.db"]);
        expect(db("check", copy).code).toBe(0);
        expect(db("export", copy).out).toBe(readFileSync(`${path}/chain.jsonl`, "utf8"));
        const [store, original] = [BlockStore.open(copy), BlockStore.open(join(path, "timestampvm.db"))];
        expect(made.map(({ id }) => store.getBlock(id))).toEqual(made);
        expect([...store.proposals.readAll()]).toEqual(waiting);
        const find = (among: BlockStore) => made.map(({ data }) => among.findBlock(digestOf(data), 0n));
        expect(find(store)).toEqual(find(original));
        store.close();
        original.close();
      }),
      { numRuns: runs(10, 1_000) },
    );
  });

  test("fits the head marker of the node that made it", () => {
    using directory = temporaryDirectory();
    const { vm } = startVm({ file: directory.file("timestampvm.db") });
    acceptAll(vm, blocks.slice(1));
    const { headMarker } = vm;
    vm.close();
    db("export", directory.path, "--file", directory.file("chain.jsonl"));
    const target = directory.file("restored");
    expect(existsSync(target)).toBeFalse();
    expect(db("import", target, "--file", directory.file("chain.jsonl")).code).toBe(0);
    for (const [known, opensAt] of [
      [headMarker, 5n],
      [{ ...headMarker, height: 9n }, 5n],
      [{ ...headMarker, height: 3n, id: at(3).id }, 3n],
    ] as const) {
      const { vm: restored } = startVm({ file: join(target, "timestampvm.db"), marker: known });
      expect(restored.lastAccepted.height).toBe(opensAt);
      restored.close();
    }
  });
});
