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

function fileIn(directory: string): string {
  const [name = ""] = readdirSync(directory);
  return join(directory, name);
}

test("what is remembered is recalled, by the same node alone", () => {
  using directory = temporaryDirectory();
  new KnownProtocol(node, directory.path).remember(44);
  expect(new KnownProtocol(node, directory.path).recall()).toBe(44);
  expect(new KnownProtocol("boot 1 12346", directory.path).recall()).toBeUndefined();
});

test("a run of a node that cannot be told from others has no memory", async () => {
  const node = { askVersion: async () => "", args: () => [] };
  expect(await KnownProtocol.of({ ...node, identify: async () => undefined })).toBeUndefined();
  const known = await KnownProtocol.of({ ...node, identify: async () => `none, ${crypto.randomUUID()}` });
  expect(known?.recall()).toBeUndefined();
  expect(known).toBeInstanceOf(KnownProtocol);
});

test("the last one counts, and one file is left", () => {
  using directory = temporaryDirectory();
  const known = new KnownProtocol(node, directory.path);
  known.remember(44);
  known.remember(45);
  expect(known.recall()).toBe(45);
  expect(readdirSync(directory.path)).toHaveLength(1);
});

test("nothing is recalled where nothing was remembered", () => {
  using directory = temporaryDirectory();
  expect(new KnownProtocol(node, directory.path).recall()).toBeUndefined();
  expect(new KnownProtocol(node, join(directory.path, "no such folder")).recall()).toBeUndefined();
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
  const known = new KnownProtocol(node, directory.path);
  known.remember(44);
  writeFileSync(fileIn(directory.path), text);
  expect(known.recall()).toBeUndefined();
});

test("a link, a folder and an empty file in its place are not believed", () => {
  using directory = temporaryDirectory();
  const known = new KnownProtocol(node, directory.path);
  known.remember(44);
  const file = fileIn(directory.path);
  const elsewhere = join(directory.path, "elsewhere");
  renameSync(file, elsewhere);
  symlinkSync(elsewhere, file);
  expect(known.recall()).toBeUndefined();
  known.remember(45); // replaces the link, not what it leads to
  expect(known.recall()).toBe(45);
  truncateSync(file);
  expect(known.recall()).toBeUndefined();
  renameSync(file, `${elsewhere} 2`);
  mkdirSync(file);
  expect(known.recall()).toBeUndefined();
});

test("where no file can be written, the error says so and nothing is left", () => {
  using directory = temporaryDirectory();
  const gone = new KnownProtocol(node, join(directory.path, "no such folder"));
  expect(() => gone.remember(44)).toThrow("ENOENT");
  const blocked = new KnownProtocol(node, directory.path);
  blocked.remember(44);
  const file = fileIn(directory.path);
  rmSync(file);
  mkdirSync(file);
  expect(() => blocked.remember(45)).toThrow("EISDIR");
  expect(readdirSync(directory.path)).toHaveLength(1);
});

test.skipIf(process.getuid?.() !== 0)("what another user wrote is not believed", () => {
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o777);
  const known = new KnownProtocol(node, directory.path);
  known.remember(44);
  Bun.spawnSync(["chown", "65534", fileIn(directory.path)]);
  expect(known.recall()).toBeUndefined();
});
