import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import { digestFromBytes, digestOf } from "../../src/core/digest.ts";
import { formatGenesis, parseGenesis } from "../../src/core/genesis.ts";
import type { StoredAttestation } from "../../src/store/attestation-table.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import type { StoredProposal } from "../../src/store/proposal-table.ts";
import { acceptAll, bytesOf, childOf, genesis, now, peer, startVm } from "../support/chain.ts";
import { runs } from "../support/runs.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { attestations, blocks, damage, db, firstSights, makeDatabase, other, proposal, trees } from "./db-support.ts";

const numRuns = runs(10, 1_000);

const at = (height: number) => blocks[height] ?? genesis;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

describe("db export", () => {
  test("writes the chain, all that the database has of it, and an end, one line each", () => {
    using directory = temporaryDirectory();
    const instanceId = makeDatabase(directory.file("timestampvm.db"), { firstSights, trees, attestations });
    const { code, out, err } = db("export", directory.path);
    expect([code, err]).toEqual([0, "exported 6 blocks, 2 proposals, 2 trees and 2 attestations\n"]);
    const seen = ["", `"seen":1700000000001,"seenBy":"${peer}",`, `"seen":-1,"seenBy":"${other}",`];
    const second = new Uint8Array(232).fill(4, 116);
    const ids = `"genesis":"${genesis.id}","lastAccepted":"${at(5).id}"`;
    expect(out.split("\n")).toEqual([
      `{"type":"chain","version":2,"instanceId":"${instanceId.toHex()}",${ids},"height":5}`,
      ...blocks.map(
        ({ id, bytes }, height) =>
          `{"type":"block","height":${height},"id":"${id}",${seen[height] ?? ""}"bytes":"${base64(bytes)}"}`,
      ),
      `{"type":"proposal","since":${now},"peer":"${peer}","data":"${base64(bytesOf("waits"))}"}`,
      `{"type":"proposal","since":${now},"data":"${base64(bytesOf("block 1 on 0"))}"}`,
      ...trees.map(
        ({ root, secret, leaves }) =>
          `{"type":"tree","root":"${root}","secret":"${base64(secret)}","leaves":"${base64(leaves)}"}`,
      ),
      `{"type":"attestation","height":1,"pChainHeight":99,"signatures":"${base64(new Uint8Array(116).fill(3))}"}`,
      `{"type":"attestation","height":4,"pChainHeight":100,"signatures":"${base64(second)}"}`,
      '{"type":"end","blocks":6,"proposals":2,"trees":2,"attestations":2}',
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

  test("makes a file for its user alone: secrets of trees are in it", () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"), { trees });
    const umask = process.umask(0);
    try {
      expect(db("export", directory.path, "--file", directory.file("chain.jsonl")).code).toBe(0);
    } finally {
      process.umask(umask);
    }
    expect(statSync(directory.file("chain.jsonl")).mode & 0o777).toBe(0o600);
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
    const file = directory.file("nowhere/chain.jsonl");
    expect(db("export", directory.path, "--file", file)).toEqual({
      code: 1,
      out: "",
      err: `error: ${file}: there is no such file or directory\n`,
    });
  });

  test.each([
    ["is damaged", "UPDATE blocks SET bytes = x'00' WHERE height = 3", `block ${at(3).id} is damaged`],
    ["is missing", "DELETE FROM blocks WHERE height = 3", "the block at height 3 is missing"],
    ["is the first, and missing", "DELETE FROM blocks WHERE height = 0", "the block at height 0 is missing"],
    [
      "has another height",
      "UPDATE blocks SET height = 6 WHERE height = 5",
      `the block below block ${at(5).id} is missing`,
    ],
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
    const canonical = childOf(childOf(at(1), "other"), "stranger");
    const stranger = parseBlock(new Uint8Array([...canonical.bytes, 0x20])); // so that its bytes are kept
    makeDatabase(file, { blocks: [...blocks.slice(0, 3), stranger] });
    expect(db("export", file).err).toContain(
      `block ${stranger.id} at height 3 has parent ${stranger.parentId}, not ${at(2).id}`,
    );
  });
});

const nodes = fc.nat(255).map((byte) => nodeIdFromBytes(new Uint8Array(20).fill(byte)));
const times = fc.integer({ min: -(2 ** 40), max: 2 ** 50 }).map(BigInt);
const bytesOfLength = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** A block of any data, whose time stands still or leaps, in our form or another, kept as received or encoded again. */
const steps = fc.record({
  data: fc.uint8Array({ maxLength: 200 }),
  seconds: fc.oneof(fc.nat(3), fc.constant(2 ** 40)),
  space: fc.constantFrom("", " ", "\n\t"),
  isReencoded: fc.boolean(),
  firstSight: fc.option(fc.record({ ms: times, node: nodes, isImported: fc.boolean() }), { nil: undefined }),
  attestation: fc.option(
    fc.record({
      pChainHeight: fc.bigInt(0n, 2n ** 63n - 1n),
      validators: fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 4 }),
      signature: bytesOfLength(96),
    }),
    { nil: undefined },
  ),
});

/** A chain as it can be, with all that a database has of it. */
const chains = fc
  .record({
    first: fc.string(),
    steps: fc.array(steps, { maxLength: 12 }),
    waiting: fc.uniqueArray(
      fc.record({ data: fc.uint8Array({ maxLength: 50 }), from: fc.option(nodes), since: times }),
      { maxLength: 5, selector: ({ data }) => data.toHex() },
    ),
    batches: fc.uniqueArray(
      fc.record({
        root: bytesOfLength(32),
        secret: bytesOfLength(32),
        leaves: fc.array(bytesOfLength(32), { minLength: 1, maxLength: 4 }),
      }),
      { maxLength: 4, selector: ({ root }) => root.toHex() },
    ),
  })
  .map(({ first, steps, waiting, batches }) => {
    const made: Block[] = [parseGenesis(bytesOf(formatGenesis(first.toWellFormed())))];
    for (const { data, seconds, space, isReencoded } of steps) {
      const { id: parentId, height, timestamp } = made.at(-1) ?? genesis;
      const block = createBlock({ parentId, height: height + 1n, timestamp: timestamp + BigInt(seconds), data });
      const received = parseBlock(new Uint8Array([...bytesOf(space), ...block.bytes, ...bytesOf(space)]));
      made.push(isReencoded ? { ...block, id: received.id } : received);
    }
    const proposals: StoredProposal[] = waiting.map(({ data, from, since }) => ({
      ...proposal(data, from ?? undefined),
      since,
    }));
    return {
      blocks: made,
      rejected: [],
      proposals,
      firstSights: [undefined, ...steps.map(({ firstSight }) => firstSight)],
      trees: batches.map(({ root, secret, leaves }) => ({
        root: digestFromBytes(root),
        secret,
        leaves: joined(leaves),
      })),
      attestations: steps.flatMap(({ attestation }, i) =>
        attestation === undefined ? [] : [attestationOf(BigInt(i + 1), attestation)],
      ),
    };
  });

function attestationOf(
  height: bigint,
  { pChainHeight, validators, signature }: { pChainHeight: bigint; validators: number[]; signature: Uint8Array },
): StoredAttestation {
  const ascending = validators.toSorted((a, b) => a - b);
  return {
    height,
    pChainHeight,
    signatures: joined(ascending.flatMap((byte) => [new Uint8Array(20).fill(byte), signature])),
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

describe("an export that is imported", () => {
  test("is the same chain again, whatever it holds, and is exported as the same bytes", () => {
    using directory = temporaryDirectory();
    let count = 0;
    fc.assert(
      fc.property(chains, (content) => {
        const path = directory.file(`${++count}`);
        const original = join(path, "timestampvm.db");
        makeDatabase(original, content);
        const { err } = db("export", path, "--file", `${path}/chain.jsonl`);
        const copy = `${path}/copy.db`;
        const last = content.blocks.at(-1);
        const { code, out } = db("import", copy, "--file", `${path}/chain.jsonl`);
        expect([code, out]).toEqual([0, expect.stringMatching(/^imported .* into .*\nlast accepted .*\n$/)]);
        expect([err, out]).toEqual(["", expect.stringContaining(`last accepted  ${last?.id}\n`)]);
        expect(readdirSync(path).sort()).toEqual(["chain.jsonl", "copy.db", "timestampvm.db"]);
        expect(db("check", copy).code).toBe(0);
        expect(db("export", copy).out).toBe(readFileSync(`${path}/chain.jsonl`, "utf8"));
        expect(contentOf(copy)).toEqual({
          ...contentOf(original),
          firstSights: content.firstSights.map((sight) => sight && { ...sight, isImported: true }),
        });
        expect(contentOf(original)).toMatchObject({ ...content, rejected: undefined });
      }),
      { numRuns },
    );
  });

  /** What is in a database, and where its blocks are found. */
  function contentOf(file: string) {
    const store = BlockStore.open(file);
    const records = [...store.records(0n, store.lastAccepted().height)];
    const blocks = records.map(({ block }) => block);
    const content = {
      rejected: undefined,
      blocks,
      firstSights: records.map(({ firstSight }) => firstSight),
      proposals: [...store.proposals.readAll()],
      trees: [...store.trees.readAll()],
      attestations: [...store.attestations.readAll()],
      byId: blocks.map(({ id }) => store.getBlock(id)),
      byDigest: blocks.map(({ data }) => store.findBlock(digestOf(data), 0n)),
    };
    store.close();
    return content;
  }

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
