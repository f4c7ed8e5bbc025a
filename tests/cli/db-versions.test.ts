import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BlockStore } from "../../src/store/block-store.ts";
import { peer } from "../support/chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { attestations, db, exported, firstSights, makeDatabase, trees } from "./db-support.ts";

/**
 * What the last timestampvm that knew only version 1 wrote: a chain of timestampvm-rs, in which block 5 was encoded
 * again, a block in another form than ours, one of the latest time, and proposals of a peer and of clients.
 */
const recordedFile = join(import.meta.dir, "export-1.jsonl");
const recorded = readFileSync(recordedFile, "utf8");

describe("an export of version 1 from an older timestampvm", () => {
  test("is imported, and exported as the same bytes in version 1", () => {
    using directory = temporaryDirectory();
    const file = directory.file("timestampvm.db");
    const { code, out, err } = db("import", file, "--file", recordedFile);
    const head = "2Xg854Dsm1GArM99eX3jABEJeDfhm9qe9wy9Y3ZUbFQPUbvzLp";
    expect([code, out, err]).toEqual([
      0,
      `imported 12 blocks and 3 proposals into ${file}\nlast accepted  ${head}\n`,
      "",
    ]);
    expect(db("check", file).out).toContain("encoded again  1 block, by timestampvm-rs\n");
    expect(db("export", file, "--format-version", "1")).toEqual({
      code: 0,
      out: recorded,
      err: "exported 12 blocks and 3 proposals\n",
    });
  });

  test("is exported as the same lines in version 2, and from there in version 1 again", () => {
    using directory = temporaryDirectory();
    db("import", directory.file("first.db"), "--file", recordedFile);
    const second = db("export", directory.file("first.db")).out;
    expect(second).toBe(
      recorded
        .replace('"version":1', '"version":2')
        .replace('"proposals":3}', '"proposals":3,"trees":0,"attestations":0}'),
    );
    writeFileSync(directory.file("second.jsonl"), second);
    expect(db("import", directory.file("second.db"), "--file", directory.file("second.jsonl")).code).toBe(0);
    expect(db("export", directory.file("second.db"), "--format-version", "1").out).toBe(recorded);
  });

  const lines = recorded.trimEnd().split("\n");
  const withKeys = (line: number, keys: object) => JSON.stringify({ ...JSON.parse(lines[line - 1] ?? ""), ...keys });

  test.each<readonly [string, number, string, string]>([
    ["a first sight", 3, withKeys(3, { seen: 1, seenBy: peer }), 'unknown key "seen"'],
    ["a tree", 16, '{"type":"tree"}', 'its "type" must be chain, block, proposal or end'],
    ["an attestation", 16, '{"type":"attestation"}', 'its "type" must be chain, block, proposal or end'],
    ["a number of trees", 17, withKeys(17, { trees: 0 }), 'unknown key "trees"'],
    ["a number of attestations", 17, withKeys(17, { attestations: 0 }), 'unknown key "attestations"'],
  ])("is refused with what came with version 2: %s", (_name, line, text, problem) => {
    using directory = temporaryDirectory();
    const source = directory.file("chain.jsonl");
    writeFileSync(source, `${lines.with(line - 1, text).join("\n")}\n`);
    expect(db("import", directory.file("timestampvm.db"), "--file", source)).toEqual({
      code: 1,
      out: "",
      err: `error: ${source}, line ${line}: ${problem}\n`,
    });
  });
});

describe("db export --format-version 1", () => {
  test("leaves out what version 1 has no place for, and says so on standard error", () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("plain.db"));
    const instanceId = makeDatabase(directory.file("full.db"), { firstSights, trees, attestations });
    const plain = db("export", directory.file("plain.db"), "--format-version", "1").out;
    const full = db("export", directory.file("full.db"), "--format-version", "1");
    expect(full).toEqual({
      code: 0,
      out: plain.replace(/"instanceId":"[0-9a-f]+"/, `"instanceId":"${instanceId.toHex()}"`),
      err:
        "exported 6 blocks and 2 proposals\n" +
        "left out 2 first sights, 2 trees and 2 attestations: version 1 of an export has no place for them\n",
    });
    expect(full.out.split("\n")[0]).toStartWith('{"type":"chain","version":1,');
    expect(full.out).toEndWith('{"type":"end","blocks":6,"proposals":2}\n');
    expect(db("export", directory.file("full.db"), "--format-version", "1", "--file", directory.file("1"))).toEqual({
      code: 0,
      out: "exported 6 blocks and 2 proposals\n",
      err: "left out 2 first sights, 2 trees and 2 attestations: version 1 of an export has no place for them\n",
    });
    expect(readFileSync(directory.file("1"), "utf8")).toBe(full.out);
  });

  test.each<readonly [string, object]>([
    ["1 first sight", { firstSights: firstSights.slice(0, 2) }],
    ["1 tree", { trees: trees.slice(1) }],
    ["1 attestation", { attestations: attestations.slice(1) }],
  ])("names only what there is: %s", (leftOut, content) => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"), content);
    expect(db("export", directory.path, "--format-version", "1").err).toContain(`left out ${leftOut}: version 1`);
  });

  test("is 2 where nothing is said", () => {
    using directory = temporaryDirectory();
    makeDatabase(directory.file("timestampvm.db"), { firstSights, trees, attestations });
    expect(db("export", directory.path, "--format-version", "2").out).toBe(db("export", directory.path).out);
  });

  test.each(["0", "3", "one", ""])("is wrong use for another version: %p", (version) => {
    const { code, out, err } = db("export", ".", "--format-version", version);
    expect([code, out, err]).toEqual([2, "", expect.stringContaining("Allowed choices are 1, 2.")]);
  });

  test("is named in the help as what a downgrade needs", () => {
    expect(db("export", "--help").out).toContain("To go back to an older timestampvm");
    expect(db("export", "--help").out).toContain("--format-version 1");
  });
});

test("what is imported is never this node's own word", () => {
  using directory = temporaryDirectory();
  makeDatabase(directory.file("timestampvm.db"), { firstSights });
  writeFileSync(directory.file("chain.jsonl"), `${exported(directory.path).join("\n")}\n`);
  db("import", directory.file("copy.db"), "--file", directory.file("chain.jsonl"));
  const store = BlockStore.open(directory.file("copy.db"));
  expect([...store.records(0n, 2n)].map(({ firstSight }) => firstSight?.isImported)).toEqual([undefined, true, true]);
  store.close();
});
