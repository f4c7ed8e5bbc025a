import { expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { KnownProtocol } from "../../src/rpcchainvm/known-protocol.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const node = "boot 1 12345";

/** What a process of our own remembers of a node. */
const knownIn = (directory: string, identity = node) => new KnownProtocol(process.pid, identity, directory);
const took = (version: number) => ({ version, refused: undefined });

function fileIn(directory: string): string {
  const [name = ""] = readdirSync(directory);
  return join(directory, name);
}

test("what is remembered is recalled, by the same node alone", () => {
  using directory = temporaryDirectory();
  knownIn(directory.path).remember(took(44));
  expect(knownIn(directory.path).recall()).toEqual(took(44));
  expect(knownIn(directory.path, "boot 1 12346").recall()).toBeUndefined();
});

test("a run of a node that cannot be told from others has no memory", async () => {
  const node = { pid: process.pid, askVersion: async () => "", args: () => [] };
  expect(await KnownProtocol.of({ ...node, identify: async () => undefined })).toBeUndefined();
  const known = await KnownProtocol.of({ ...node, identify: async () => `none, ${crypto.randomUUID()}` });
  expect(known?.recall()).toBeUndefined();
  expect(known).toBeInstanceOf(KnownProtocol);
});

test("what a node refused is remembered with what it wants", () => {
  using directory = temporaryDirectory();
  knownIn(directory.path).remember({ version: 44, refused: 46 });
  expect(knownIn(directory.path).recall()).toEqual({ version: 44, refused: 46 });
});

test("what is known of nodes that are gone goes, and nothing else", async () => {
  using directory = temporaryDirectory();
  const gone = Bun.spawn(["true"]);
  await gone.exited;
  new KnownProtocol(gone.pid, "a node that is gone", directory.path).remember(took(44));
  new KnownProtocol(process.ppid, "a node that runs", directory.path).remember(took(45));
  writeFileSync(join(directory.path, "timestampvm-protocol-notes"), "");
  expect(readdirSync(directory.path)).toHaveLength(2);
  knownIn(directory.path).remember(took(46));
  expect(readdirSync(directory.path)).toHaveLength(3);
  expect(new KnownProtocol(process.ppid, "a node that runs", directory.path).recall()).toEqual(took(45));
});

test("the last one counts, and one file is left", () => {
  using directory = temporaryDirectory();
  const known = knownIn(directory.path);
  known.remember(took(44));
  known.remember(took(45));
  expect(known.recall()).toEqual(took(45));
  expect(readdirSync(directory.path)).toHaveLength(1);
});

test("nothing is recalled where nothing was remembered", () => {
  using directory = temporaryDirectory();
  expect(knownIn(directory.path).recall()).toBeUndefined();
  expect(knownIn(join(directory.path, "no such folder")).recall()).toBeUndefined();
});

test.each([
  ["nothing", ""],
  ["no end of line", "44"],
  ["two numbers", "44\n45\n"],
  ["no number", "x\n"],
  ["a negative number", "-1\n"],
  ["a number beyond all", "4444444444\n"],
  ["10,000 digits", "4".repeat(10_000)],
])("a file with %s is not believed", (_, text) => {
  using directory = temporaryDirectory();
  const known = knownIn(directory.path);
  known.remember(took(44));
  writeFileSync(fileIn(directory.path), text);
  expect(known.recall()).toBeUndefined();
});

test("a link, a folder and an empty file in its place are not believed", () => {
  using directory = temporaryDirectory();
  const known = knownIn(directory.path);
  known.remember(took(44));
  const file = fileIn(directory.path);
  const elsewhere = join(directory.path, "elsewhere");
  renameSync(file, elsewhere);
  symlinkSync(elsewhere, file);
  expect(known.recall()).toBeUndefined();
  known.remember(took(45)); // replaces the link, not what it leads to
  expect(known.recall()).toEqual(took(45));
  truncateSync(file);
  expect(known.recall()).toBeUndefined();
  renameSync(file, `${elsewhere} 2`);
  mkdirSync(file);
  expect(known.recall()).toBeUndefined();
});

test("where no file can be written, the error says so and nothing is left", () => {
  using directory = temporaryDirectory();
  const gone = knownIn(join(directory.path, "no such folder"));
  expect(() => gone.remember(took(44))).toThrow("ENOENT");
  const blocked = knownIn(directory.path);
  blocked.remember(took(44));
  const file = fileIn(directory.path);
  rmSync(file);
  mkdirSync(file);
  expect(() => blocked.remember(took(45))).toThrow("EISDIR");
  expect(readdirSync(directory.path)).toHaveLength(1);
});

test.skipIf(process.getuid?.() !== 0)("what another user wrote is not believed", () => {
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o777);
  const known = knownIn(directory.path);
  known.remember(took(44));
  Bun.spawnSync(["chown", "65534", fileIn(directory.path)]);
  expect(known.recall()).toBeUndefined();
});
