import { expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { KnownProtocol } from "../../src/rpcchainvm/start/known-protocol.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const node = "boot 1 12345";

/** What a process of our own remembers of a node. */
const knownIn = (directory: string, identity = node) =>
  new KnownProtocol("timestampvm", process.pid, identity, directory);
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

test("what another VM remembers of the same node is its own, and is left alone", () => {
  using directory = temporaryDirectory();
  const other = new KnownProtocol("My VM", process.pid, node, directory.path);
  other.remember(took(44));
  expect(knownIn(directory.path).recall()).toBeUndefined();
  knownIn(directory.path).remember(took(45));
  expect(other.recall()).toEqual(took(44));
});

test("a run of a node that cannot be distinguished from others has no memory", async () => {
  const node = { pid: process.pid, askVersion: async () => "", args: () => [] };
  expect(await KnownProtocol.of("timestampvm", { ...node, identify: async () => undefined })).toBeUndefined();
  const known = await KnownProtocol.of("timestampvm", {
    ...node,
    identify: async () => `none, ${crypto.randomUUID()}`,
  });
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
  new KnownProtocol("timestampvm", gone.pid, "a node that is gone", directory.path).remember(took(44));
  new KnownProtocol("timestampvm", process.ppid, "a node that runs", directory.path).remember(took(45));
  writeFileSync(join(directory.path, "timestampvm-protocol-notes"), "");
  expect(readdirSync(directory.path)).toHaveLength(2);
  knownIn(directory.path).remember(took(46));
  expect(readdirSync(directory.path)).toHaveLength(3);
  expect(new KnownProtocol("timestampvm", process.ppid, "a node that runs", directory.path).recall()).toEqual(took(45));
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

test("of two that are left, the later one counts; where that is damaged, the one before", () => {
  using directory = temporaryDirectory();
  using elsewhere = temporaryDirectory();
  const known = knownIn(directory.path);
  known.remember(took(44));
  const first = fileIn(directory.path);
  renameSync(first, elsewhere.file("first"));
  known.remember(took(45));
  const second = fileIn(directory.path);
  renameSync(elsewhere.file("first"), first); // as if the process had ended before it removed it
  utimesSync(first, 1_000, 1_000);
  utimesSync(second, 1_001, 1_001);
  expect(known.recall()).toEqual(took(45));
  truncateSync(second);
  expect(known.recall()).toEqual(took(44));
  known.remember(took(46));
  expect(readdirSync(directory.path)).toHaveLength(1);
});

test.each<readonly [string, (file: string, elsewhere: string) => void]>([
  ["a link", (file, elsewhere) => symlinkSync(elsewhere, file)],
  ["a link to nothing", (file) => symlinkSync("nowhere", file)],
  ["a folder", (file) => mkdirSync(file)],
  ["a folder with something in it", (file) => mkdirSync(join(file, "deep"), { recursive: true })],
  ["a pipe", (file) => void Bun.spawnSync(["mkfifo", file])],
])("%s in the place of a file is not believed, stays, and is in nobody's way", (_name, make) => {
  using directory = temporaryDirectory();
  const known = knownIn(directory.path);
  known.remember(took(44));
  const file = fileIn(directory.path);
  const elsewhere = join(directory.path, "elsewhere");
  renameSync(file, elsewhere);
  make(file, elsewhere);
  make(join(directory.path, `timestampvm-protocol-999999999-${"0".repeat(32)}-${"0".repeat(16)}`), elsewhere);
  expect(known.recall()).toBeUndefined();
  known.remember(took(45));
  expect(known.recall()).toEqual(took(45));
  known.remember(took(46));
  expect(known.recall()).toEqual(took(46));
  expect(readdirSync(directory.path)).toHaveLength(4);
  expect(readFileSync(elsewhere, "utf8")).toBe("44\n");
});

test("where no file can be written, the error says so and nothing is left", () => {
  using directory = temporaryDirectory();
  const gone = knownIn(join(directory.path, "no such folder"));
  expect(() => gone.remember(took(44))).toThrow("ENOENT");
  expect(gone.recall()).toBeUndefined();
  writeFileSync(directory.file("a file"), "");
  expect(() => knownIn(directory.file("a file")).remember(took(44))).toThrow("ENOTDIR");
  expect(readdirSync(directory.path)).toEqual(["a file"]);
});

const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)("what another user wrote is not believed", () => {
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o777);
  const known = knownIn(directory.path);
  known.remember(took(44));
  chownSync(fileIn(directory.path), nobody, nobody);
  expect(known.recall()).toBeUndefined();
});

test.skipIf(!isRoot)("what root left in a folder for all is in no other user's way", async () => {
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o1777);
  const gone = `timestampvm-protocol-999999999-${"0".repeat(32)}-${"0".repeat(16)}`;
  writeFileSync(directory.file(gone), "44\n");
  mkdirSync(directory.file(gone.replace(/.$/, "1")));
  symlinkSync(gone, directory.file(gone.replace(/.$/, "2")));
  knownIn(directory.path).remember(took(44)); // as foreign to the child as another user's
  const before = readdirSync(directory.path);
  const remembered = await rememberElsewhere(directory.path);
  expect(remembered).toEqual([null, { version: 45 }, { version: 46, refused: 45 }]);
  const left = readdirSync(directory.path);
  expect(left).toEqual(expect.arrayContaining(before));
  expect(left).toHaveLength(before.length + 1);
});

const nobody = 65_534;

/** What a process of another user recalls before it remembers 45, and then, and at last. It is given the same node. */
async function rememberElsewhere(directory: string): Promise<unknown> {
  const code = `
    const { KnownProtocol } = await import(${JSON.stringify(import.meta.resolve("../../src/rpcchainvm/start/known-protocol.ts"))});
    process.setgid(${nobody});
    process.setuid(${nobody});
    const known = new KnownProtocol("timestampvm", ${process.pid}, ${JSON.stringify(node)}, ${JSON.stringify(directory)});
    const recalled = [known.recall() ?? null];
    for (const what of [{ version: 45 }, { version: 46, refused: 45 }]) {
      known.remember(what);
      recalled.push(known.recall());
    }
    console.log(JSON.stringify(recalled));`;
  const child = Bun.spawn([process.execPath, "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(await child.stdout.text());
}
