import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { type Id, idToBytes } from "../../src/avalanche/id.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import { blockKey } from "../../src/core/block-key.ts";
import { parseGenesis } from "../../src/core/genesis.ts";
import { TakeOver } from "../../src/plugin/rs/take-over.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { bytesOf, genesis } from "../support/chain.ts";
import { readRsChain } from "../support/rs-chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { damage, db, exported } from "./db-support.ts";

const name = "timestampvm-rs encoded again";
const chain = readRsChain("reencoded");
/** Genesis first; the fifth came with a space in it, which timestampvm-rs left out. */
const received = [parseGenesis(chain.genesisBytes), ...chain.accepted.map(({ bytes }) => parseBlock(bytes))];
const at = (height: number) => received[height] ?? genesis;
const five = at(5);
const stored = parseBlock(new Uint8Array([0x7b, ...five.bytes.subarray(2)]));

let directory: ReturnType<typeof temporaryDirectory>;
let file = "";
beforeEach(() => {
  directory = temporaryDirectory();
  file = directory.file("timestampvm.db");
  takeOver(chain);
});
afterEach(() => directory[Symbol.dispose]());

function takeOver({ entries, genesisBytes, head }: typeof chain): void {
  const valueByKey = new Map(entries.map(([key, value]) => [key.toHex(), value]));
  const taking = TakeOver.open({ file, genesisBytes, head: head.id, marker: undefined });
  expect([...taking.part(0n)]).toEqual([]);
  for (let id = taking.wanted; id !== undefined; id = taking.wanted) {
    taking.add(id, valueByKey.get(blockKey(id).toHex()));
  }
  for (const _ of taking.index());
  taking.finish();
  taking.close();
}

function readBlocks(path: string): (Block | undefined)[] {
  const store = BlockStore.open(path);
  const blocks = received.map(({ id }) => store.getBlock(id));
  store.close();
  return blocks;
}

const kept = received.map((block) => (block === five ? { ...stored, id: five.id } : block));

/** What the reports say of the file. */
function problems(): string[] {
  const { code, out } = db("check", file);
  const found = out.split("\n").filter((line) => line.startsWith("problem: "));
  expect(code).toBe(found.length > 0 ? 1 : 0);
  return found.map((line) => line.slice("problem: ".length));
}

function rowNameOf({ id }: Block): string {
  return `reencoded ${Buffer.from(idToBytes(id)).toString("hex")}`;
}

/** Remembers that the stored form of `id` hashes to `storedId`. */
function remember(id: Id, storedId: Id): void {
  damage(file, "INSERT INTO meta (name, value) VALUES (?, ?)", rowNameOf({ ...genesis, id }), idToBytes(storedId));
}

test("the fifth block is as this file says", () => {
  expect(five.bytes.subarray(0, 2)).toEqual(bytesOf("{ "));
  expect([five.height, stored.id === five.id]).toEqual([5n, false]);
  expect(readBlocks(file)).toEqual(kept);
});

describe(`of a block that ${name}, db check`, () => {
  test("says that it is there, and sound", () => {
    const { code, out, err } = db("check", file);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(
      `blocks         ${received.length} accepted, 0 rejected\n` +
        "encoded again  1 block, by timestampvm-rs\nproposals      0 waiting, 0 bytes\nsound\n",
    );
  });

  const damaged = `block ${five.id} at height 5 is damaged: its bytes do not match its id`;
  const other = createBlock({ ...stored, data: bytesOf("other") });
  const spaced = parseBlock(new Uint8Array([...stored.bytes, 0x20]));

  test.each<readonly [string, () => void]>([
    ["its row is missing", () => damage(file, "DELETE FROM meta WHERE name = ?", rowNameOf(five))],
    ["its row is of another block", () => damage(file, "UPDATE meta SET value = ? WHERE value = ?", key(other), key())],
    ["its row is too short", () => damage(file, "UPDATE meta SET value = x'00' WHERE value = ?", key())],
    ["its bytes changed", () => damage(file, "UPDATE blocks SET data = ? WHERE height = 5", other.data)],
    [
      "its bytes are not as timestampvm-rs encodes, but fit the row",
      () => {
        damage(file, "UPDATE blocks SET data = NULL, bytes = ? WHERE height = 5", spaced.bytes);
        damage(file, "UPDATE meta SET value = ? WHERE value = ?", key(spaced), key());
      },
    ],
  ])("finds when %s", (_name, change) => {
    change();
    expect(problems()).toEqual([damaged]);
  });

  function key({ id }: Block = stored): Uint8Array {
    return idToBytes(id);
  }

  test.each<readonly [string, () => void]>([
    ["a row of no block", () => damage(file, "DELETE FROM blocks WHERE height = 5")],
    ["a row of a block that is as it came", () => remember(at(3).id, stored.id)],
    ["a row of another name", () => damage(file, "INSERT INTO meta (name, value) VALUES ('other', x'00')")],
    ["a row of no id", () => rename("'reencoded ' || name")],
    ["a row of another beginning", () => rename("'REENCODED ' || substr(name, 11)")],
    ["a row of another end", () => rename("name || '0'")],
    ["a row in capitals", () => rename("'reencoded ' || upper(substr(name, 11))")],
    ["a row of a block that was rejected", rejected],
  ])("finds %s", (_name, change) => {
    change();
    const rows = problems().filter((problem) => /^meta row [23] belongs /.test(problem));
    expect(rows).toEqual([expect.stringMatching(/^meta row . belongs to no block that timestampvm-rs encoded again$/)]);
  });

  function rename(to: string): void {
    damage(file, `UPDATE meta SET name = ${to} WHERE name LIKE 're%'`);
  }

  function rejected(): void {
    const store = BlockStore.open(file);
    store.reject({ ...at(4), id: genesis.id });
    store.close();
    remember(genesis.id, stored.id);
  }

  test("finds other rows, and the block", () => {
    damage(file, "UPDATE meta SET name = 'instance' WHERE name = 'instance_id'");
    expect(problems()).toEqual([`meta row 1 belongs to no block that ${name}`, "the instance id is missing"]);
  });

  test("does not take a genesis for one", () => {
    const [first, second] = [at(0), at(1)];
    const store = BlockStore.open(file);
    store.rewindWithNewId(undefined);
    store.acceptReencoded(second.parentId, createBlock({ ...first, data: bytesOf("another") }));
    store.close();
    expect(problems()).toEqual([`block ${first.id} at height 0 is damaged: its bytes do not match its id`]);
  });
});

describe(`an export of a block that ${name}`, () => {
  test("names its bytes by their own id, as no other line does", () => {
    const lines = exported(file);
    expect(lines[6]).toBe(
      `{"type":"block","height":5,"id":"${five.id}","storedId":"${stored.id}","bytes":"${base64(stored)}"}`,
    );
    expect(lines.filter((line) => line.includes("storedId"))).toHaveLength(1);
  });

  test.each(["reencoded", "halted"] as const)("is imported as the same chain, sound: %s", (vector) => {
    const left = readRsChain(vector);
    takeOver(left);
    const before = exported(file);
    writeFileSync(directory.file("chain.jsonl"), `${before.join("\n")}\n`);
    const copy = directory.file("copy.db");
    expect(db("import", copy, "--file", directory.file("chain.jsonl"))).toEqual({
      code: 0,
      out: `imported ${left.accepted.length + 1} blocks and 0 proposals into ${copy}\nlast accepted  ${left.head.id}\n`,
      err: "",
    });
    expect(exported(copy)).toEqual(before);
    expect(db("check", copy).out).toContain("encoded again  1 block, by timestampvm-rs\n");
    if (vector === "reencoded") expect(readBlocks(copy)).toEqual(kept);
  });

  const base64 = ({ bytes }: Block) => Buffer.from(bytes).toString("base64");
  const lineOf = ({ id }: Block, form = stored, storedId: string = form.id) => ({
    type: "block",
    id,
    storedId,
    bytes: base64(form),
  });
  const spaced = parseBlock(new Uint8Array([...stored.bytes, 0x20]));
  const early = createBlock({ ...stored, timestamp: 1n });
  const notEncodedSo = `the bytes of block ${five.id} are not as ${name.replace("encoded", "encodes a block")}`;

  test.each<readonly [string, number, object, string]>([
    ["its bytes have no id", 5, { ...lineOf(five), storedId: undefined }, "line 7: its bytes are block"],
    ["its bytes have a wrong id", 5, lineOf(five, stored, early.id), `line 7: its bytes are block ${stored.id}, not`],
    ["its bytes have an id that is none", 5, lineOf(five, stored, ` ${stored.id}`), 'line 7: "storedId" must be an id'],
    ["its own id is none", 5, { ...lineOf(five, stored), id: `${five.id}1` }, 'line 7: "id" must be an id'],
    ["its bytes are not canonical", 5, lineOf(five, spaced), `line 7: ${notEncodedSo}`],
    ["it is as it came", 4, lineOf(at(4), at(4)), `line 6: the bytes of block ${at(4).id} are not`],
    ["it breaks a rule", 5, lineOf(five, early), `line 7: block ${five.id} breaks a rule: timestamp 1 is before`],
    ["its child has another parent", 5, lineOf(early, stored), `has parent ${five.id}, not ${early.id}`],
    ["it is the first", 0, lineOf(early, at(0)), "line 2: the bytes of block"],
  ])("is refused when %s", (_name, height, line, problem) => {
    const source = directory.file("chain.jsonl");
    writeFileSync(
      source,
      `${exported(file)
        .with(height + 1, JSON.stringify({ ...line, height }))
        .join("\n")}\n`,
    );
    const { code, err } = db("import", directory.file("copy.db"), "--file", source);
    expect([code, err]).toEqual([1, expect.stringContaining(problem)]);
  });

  test("is refused when it is the last, and known by another id than the first line says", () => {
    takeOver(readRsChain("halted"));
    const source = directory.file("chain.jsonl");
    const [first = "", ...lines] = exported(file);
    const head = JSON.parse(first).lastAccepted as string;
    const rest = lines.map((line) => line.replace(`"id":"${head}"`, `"id":"${early.id}"`));
    writeFileSync(source, `${[first, ...rest].join("\n")}\n`);
    const { code, err } = db("import", directory.file("copy.db"), "--file", source);
    expect([code, err]).toEqual([1, expect.stringContaining(`the last block is ${early.id}, and not ${head}`)]);
  });
});

describe(`a block that ${name} is forgotten with its form`, () => {
  function metaNames(): unknown[] {
    using database = new Database(file, { readonly: true });
    return database.query("SELECT name FROM meta").values().flat();
  }

  test.each(["5", "6"])("only when it is rewound: db rollback --to %s leaves it", (height) => {
    expect(db("rollback", file, "--to", height, "--yes").code).toBe(0);
    expect([problems(), metaNames()]).toEqual([[], ["instance_id", rowNameOf(five)]]);
  });

  test("by db rollback; its data waits, and it may come back as it was received", () => {
    expect(db("rollback", file, "--to", "4", "--yes").code).toBe(0);
    expect([problems(), metaNames()]).toEqual([[], ["instance_id"]]);
    const store = BlockStore.open(file);
    expect([...store.proposals.readAll()][0]?.data).toEqual(five.data);
    store.acceptAll(received.slice(5));
    store.close();
    expect([problems(), readBlocks(file)]).toEqual([[], received]);
  });

  test("by a store that goes back", () => {
    const store = BlockStore.open(file);
    store.rewind(4n);
    store.close();
    expect([problems(), metaNames()]).toEqual([[], ["instance_id"]]);
  });

  test("by db rollback when it is damaged", () => {
    damage(file, "UPDATE blocks SET data = x'00' WHERE height = 5");
    expect(db("check", file).err).toContain("with db rollback --to 4");
    expect(db("rollback", file, "--to", "4", "--yes").out).toContain("lost           the data of 1 damaged block\n");
    expect([problems(), metaNames()]).toEqual([[], ["instance_id"]]);
  });
});
