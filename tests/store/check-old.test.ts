import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import type { Block } from "../../src/core/block.ts";
import { type CheckSummary, checkDatabase } from "../../src/store/check/check.ts";
import { bytesOf, chainOn, childOf, genesis, peer, spaced } from "../support/chain.ts";
import { makeOldFile, type OldVersion, oldInstanceId, oldVersions } from "../support/old-file.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const head = spaced(childOf(genesis, "as it came"));
const chain = [genesis, head, ...chainOn(head, 4)];
const loser = childOf(genesis, "loser");
const at = (height: number): Block => chain[height] ?? genesis;

/** What a check finds in a file of an old version, after `sql`. */
function check(version: OldVersion, sql = "SELECT 1"): CheckSummary & { readonly found: readonly string[] } {
  using directory = temporaryDirectory();
  const file = directory.file("old.db");
  const waiting = version === 1 ? [] : [bytesOf("waits"), bytesOf("waits, too")];
  const gossiped = version === 1 ? [] : [{ data: bytesOf("gossiped"), peer }];
  makeOldFile(file, version, { accepted: chain, rejected: [loser], waiting, gossiped });
  {
    using db = new Database(file);
    db.run("PRAGMA ignore_check_constraints = ON");
    db.run(sql);
  }
  const found: string[] = [];
  return { ...checkDatabase(file, { onProblem: (problem) => found.push(problem), onProgress: () => {} }), found };
}

describe.each(oldVersions)("in a file of version %i, the check", (version) => {
  test("reads everything", () => {
    expect(check(version)).toMatchObject({
      found: [],
      instanceId: oldInstanceId.toHex(),
      accepted: chain.length,
      rejected: 1,
      proposals: version === 1 ? 0 : 3,
      genesis: genesis.id,
      lastAccepted: { id: at(5).id, height: 5n },
    });
  });

  const stands = `block ${at(3).id} is stored at height 3`;
  test.each([
    [
      "one flipped bit",
      "UPDATE blocks SET bytes = CAST(substr(bytes, 1, 9) || 'x' || substr(bytes, 11) AS BLOB) WHERE height = 3",
      [`block ${at(3).id} at height 3 is damaged: its bytes do not match its id`],
      2n,
    ],
    [
      "a wrong timestamp",
      "UPDATE blocks SET timestamp = 7 WHERE height = 3",
      [`${stands} with timestamp 7, but has ${at(3).timestamp}`],
      2n,
    ],
    [
      "the digest of other data",
      "UPDATE blocks SET digest = zeroblob(32) WHERE height = 3",
      [`${stands} with the digest of other data`],
      5n,
    ],
    [
      "a wrong height",
      "UPDATE blocks SET height = 9 WHERE height = 5",
      ["no block is accepted at heights 5 to 8", `block ${at(5).id} is stored at height 9, but has height 5`],
      4n,
    ],
    ["that a block is missing", "DELETE FROM blocks WHERE height = 3", ["no block is accepted at height 3"], 2n],
    [
      "that a block became rejected",
      "UPDATE blocks SET status = 2, timestamp = NULL, digest = NULL, bytes = NULL WHERE height = 3",
      ["no block is accepted at height 3"],
      2n,
    ],
    [
      "that the first is missing",
      "DELETE FROM blocks WHERE height < 2 AND status = 3",
      ["no block is accepted at heights 0 to 1"],
      undefined,
    ],
    [
      "a rejected block with content",
      "UPDATE blocks SET timestamp = 1 WHERE status = 2",
      ["rejected blocks with content: 1"],
      5n,
    ],
    [
      "a rejected genesis",
      "UPDATE blocks SET height = 0 WHERE status = 2",
      [`the rejected block ${loser.id} is damaged`],
      undefined,
    ],
    ["no index of heights", "DROP INDEX accepted_by_height", ["accepted_by_height is missing"], 5n],
    ["no index of rejected heights", "DROP INDEX rejected_by_height", ["rejected_by_height is missing"], 5n],
    ["no instance id", "DELETE FROM meta", ["the instance id is missing"], undefined],
  ] as const)("finds %s, and to which height a copy is sound", (_name, sql, problems, cureHeight) => {
    const { found, cureHeight: cured } = check(version, sql);
    expect([found, cured]).toEqual([[...problems], cureHeight]);
  });

  test.each([
    ["a rejected one", `UPDATE blocks SET key = x'${"00".repeat(34)}' WHERE status = 2`],
    ["the instance id", "UPDATE meta SET value = x'00'"],
  ])("names no copy where beside a block also %s is damaged, which would be copied", (_name, sql) => {
    expect(check(version, "UPDATE blocks SET digest = zeroblob(32) WHERE height = 3").cureHeight).toBe(5n);
    expect(
      check(version, `UPDATE blocks SET digest = zeroblob(32) WHERE height = 3; ${sql}`).cureHeight,
    ).toBeUndefined();
  });
});

test.each([2, 3] as const)("in a file of version %i, the check reports a missing table of proposals", (version) => {
  expect(check(version, "DROP TABLE mempool").found).toContain("mempool is missing");
});

test.each(["accepted_by_digest", "accepted_by_timestamp"])(
  "in a file of version 3, the check reports that %s is missing",
  (name) => {
    expect(check(3, `DROP INDEX ${name}`).found).toContain(`${name} is missing`);
  },
);

test.each([2, 3] as const)(
  "in a file of version %i, the check finds a damaged proposal, which would be copied",
  (version) => {
    const { found, cureHeight } = check(
      version,
      "UPDATE mempool SET data = x'00' WHERE position = 2; UPDATE blocks SET digest = zeroblob(32) WHERE height = 3",
    );
    expect(found).toContain("the proposal at position 2 is damaged");
    expect(cureHeight).toBeUndefined();
  },
);
