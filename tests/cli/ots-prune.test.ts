import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { parseId } from "../../src/avalanche/id.ts";
import { createBlock } from "../../src/core/block.ts";
import { type Attestation, attestBlock, leadTo, type StampedBlock, type Timestamp } from "../../src/proof/index.ts";
import { run, sha256 } from "./node-support.ts";
import {
  append,
  byBlock,
  bytesOf,
  calendar,
  hash,
  otsOf,
  ProofFolder,
  promised,
  readIf,
  saying,
} from "./ots-support.ts";

const chain = parseId("2JVSBoinj9C2J33VntvzYtVJNZdN2NKiwwKjcumHUWEb5DbBrm");
const digest = sha256("report");
const stamped: StampedBlock = {
  network: 0n,
  chain,
  block: createBlock({ parentId: chain, height: 7n, timestamp: 1_796_000_000n, data: bytesOf(digest) }),
};
const bitcoin: Attestation = { kind: "bitcoin", height: 358_391n };
const other: Attestation = { kind: "other", tag: "0102030405060708", payload: Uint8Array.of(1) };
const block = byBlock(digest, stamped);

let folder: ProofFolder;

beforeAll(() => {
  folder = new ProofFolder();
});
afterAll(() => folder[Symbol.dispose]());

const secondCalendar = promised(saying({ kind: "pending", uri: "https://second.example.org" }));

describe("calendars go", () => {
  const upgraded = (...more: readonly Attestation[]) => promised(leadTo(saying(...more), [append("aa"), hash]));

  test.each<[string, readonly Timestamp[], readonly Timestamp[]]>([
    ["where there is a block", [promised(), block], [block]],
    ["all of them", [promised(), secondCalendar, block], [block]],
    ["where there is one of Bitcoin", [saying(calendar), upgraded(bitcoin)], [upgraded(bitcoin)]],
    ["and nothing else", [promised(saying(calendar, other)), block], [promised(saying(other)), block]],
  ])("%s", async (name, before, after) => {
    const path = folder.write(name, "report", ...before);
    const { code, out, err } = await run(["prune", path]);
    expect([code, out, err]).toEqual([0, expect.stringMatching(/^pruned {2}[12] calendars? {2}/), ""]);
    expect(readIf(path)).toEqual(otsOf("report", ...after));
    expect(readIf(`${path}.bak`)).toEqual(otsOf("report", ...before));
  });
});

describe("nothing goes", () => {
  const beside = [append("00112233445566778899aabbccddeeff")]; // 48 bytes, which are no root
  const wrong = leadTo(saying(attestBlock(stamped)), [hash]); // the hash of something else

  test.each<[string, readonly Timestamp[], string]>([
    ["where there is no calendar", [block], "it has no calendar"],
    ["where there is nothing else", [promised(), secondCalendar], "without its calendars, it has no proof"],
    ["for a block of something else", [promised(), wrong], "without its calendars, it has no proof"],
    ["for Bitcoin's block of what is no root", [promised(), leadTo(saying(bitcoin), beside)], "without its calendars"],
    ["for an attestation that is not known", [promised(), promised(saying(other))], "without its calendars"],
  ])("%s", async (name, timestamps, why) => {
    const path = folder.write(name, "report", ...timestamps);
    const { code, out, err } = await run(["prune", path]);
    expect([code, out, err]).toEqual([0, expect.stringContaining(`unchanged  ${why}`), ""]);
    expect([readIf(path), readIf(`${path}.bak`)]).toEqual([otsOf("report", ...timestamps), undefined]);
  });
});

test("a proof stays as private as it was, and so does what it was before", async () => {
  const path = folder.write("private", "report", promised(), block);
  chmodSync(path, 0o600);
  expect((await run(["prune", path])).out).toStartWith("pruned  ");
  expect([path, `${path}.bak`].map((name) => statSync(name).mode & 0o777)).toEqual([0o600, 0o600]);
});

test("a proof stays as it was, and alone, if what it was before has no place", async () => {
  mkdirSync(folder.file("long"));
  const name = "n".repeat(247); // with .ots.bak it has 255 bytes, and no room for another end
  const path = folder.write(`long/${name}`, "report", promised(), block);
  const { code, err } = await run(["prune", path]);
  expect([code, err]).toEqual([1, `error: ${path}: name too long\n`]);
  expect(readIf(path)).toEqual(otsOf("report", promised(), block));
  expect(readdirSync(folder.file("long"))).toEqual([`${name}.ots`]);
});

test("each of several proofs has an object for programs", async () => {
  const paths = [folder.write("j1", "report", promised(), block), folder.write("j2", "report", block)] as const;
  const broken = folder.file("broken.ots");
  writeFileSync(broken, "no proof");
  const { code, out } = await run(["prune", "--json", ...paths, broken]);
  expect(code).toBe(1);
  expect(
    out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { file: paths[0], state: "pruned", calendars: ["https://calendar.example.org"] },
    { file: paths[1], state: "unchanged", calendars: [] },
    { file: broken, error: "not an OpenTimestamps proof: it does not begin as one does (at byte 1)" },
  ]);
  expect(readIf(broken)?.toString()).toBe("no proof");
});
