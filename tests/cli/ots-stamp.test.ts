import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { base58 } from "@scure/base";
import { OtsWriter } from "../../src/cli/ots/ots-writer.ts";
import type { Op } from "../../src/proof/ots/op.ts";
import { readOts } from "../../src/proof/ots/read.ts";
import { createTimestamp, type OtsFile, type Timestamp } from "../../src/proof/ots/timestamp.ts";
import { writeOts } from "../../src/proof/ots/write.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { FakeServer, sha256, sha256Twice, TestChain } from "./node-support.ts";

// The proofs that stamp writes. They are followed here without the code that makes or checks them.

let chain: TestChain;
let directory: ReturnType<typeof temporaryDirectory>;

beforeAll(async () => {
  chain = await TestChain.start();
  directory = temporaryDirectory();
});
afterAll(() => {
  chain[Symbol.dispose]();
  directory[Symbol.dispose]();
});

/** Makes a file whose content is its path in the temporary directory. */
function file(name: string): string {
  const path = directory.file(name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, name);
  return path;
}

function files(...names: readonly string[]): readonly string[] {
  return names.map(file);
}

/** What a proof leads to, in hex. */
interface Followed {
  readonly messages: readonly string[];
  /** Of attestations of blocks. */
  readonly payloads: readonly string[];
}

/** Follows the operations of a proof from its digest, which must be the SHA-256 of `content`. */
function follow(proof: string, content: string): Followed {
  const { hash, digest, timestamp } = readOts(readFileSync(proof));
  expect([hash, digest.toHex()]).toEqual(["sha256", sha256(content)]);
  return followFrom(digest, timestamp);
}

function followFrom(message: Uint8Array, { attestations, branches }: Timestamp): Followed {
  const further = branches.map(({ op, result }) => followFrom(applied(op, message), result));
  const payloads = attestations.flatMap((one) => (one.kind === "other" ? [one.payload.toHex()] : []));
  return {
    messages: [message.toHex(), ...further.flatMap(({ messages }) => messages)],
    payloads: [...payloads, ...further.flatMap((one) => one.payloads)],
  };
}

function applied(op: Op, message: Uint8Array): Uint8Array {
  if (op.kind === "append") return Buffer.concat([message, op.bytes]);
  if (op.kind === "prepend") return Buffer.concat([op.bytes, message]);
  if (op.kind === "sha256") return Uint8Array.fromHex(sha256(message));
  throw new Error(`an operation that no proof of ours has: ${op.kind}`);
}

interface Block {
  readonly id: string;
  readonly height: number;
  readonly data: string;
}

async function latest(): Promise<Block> {
  return (await chain.call("getBlocks", { limit: 1 })).blocks[0];
}

/** Expects that a proof leads from the SHA-256 of `content` to what a block carries, and has the bytes of the block. */
function expectProof(proof: string, content: string, { id, data }: Block): void {
  const { messages, payloads } = follow(proof, content);
  expect(messages).toContain(sha256Twice(Uint8Array.fromHex(data.slice(2))));
  expect(payloads.map((payload) => hasBlock(Buffer.from(payload, "hex"), id))).toEqual([true]);
}

/** Whether a payload ends with the bytes of a block, whose SHA-256 is its id. */
function hasBlock(payload: Uint8Array, id: string): boolean {
  const digest = base58.decode(id).subarray(0, 32).toHex();
  return [...payload.keys()].some((at) => sha256(payload.subarray(at)) === digest);
}

async function isOnChain(text: string): Promise<boolean> {
  return (await chain.call("find", { digest: sha256(text) })).blocks.length > 0;
}

describe("a lone file", () => {
  test("has a proof beside it, by the block that carries its SHA-256", async () => {
    const path = file("one.txt");
    const { code, out, err } = await chain.run(["stamp", path]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toEndWith(`\nproof    ${path}.ots\n`);
    const block = await latest();
    expect(block.data).toBe(`0x${sha256("one.txt")}`);
    expectProof(`${path}.ots`, "one.txt", block);
    expect(statSync(`${path}.ots`).size).toBeLessThanOrEqual(300);
  });

  test("is not stamped again while its proof lies beside it", async () => {
    const path = file("again.txt");
    await chain.run(["stamp", path]);
    const { height } = await latest();
    const { code, out } = await chain.run(["stamp", path]);
    expect([code, out]).toEqual([0, `It has its proof: ${path}.ots. Nothing new was stamped.\n`]);
    const { out: json } = await chain.run(["stamp", path, "--json"]);
    expect(JSON.parse(json)).toEqual({ digest: `0x${sha256("again.txt")}`, proof: `${path}.ots`, isNew: false });
    expect((await latest()).height).toBe(height);
  });

  test("that is on the chain has the proof of its first block", async () => {
    await chain.run(["stamp", "--text", "first.txt"]);
    const block = await latest();
    await chain.run(["stamp", "--text", "something later"]);
    const path = file("first.txt");
    const { code, out } = await chain.run(["stamp", path]);
    expect([code, out]).toEqual([0, expect.stringContaining("nothing new was stamped")]);
    expectProof(`${path}.ots`, "first.txt", block);
  });

  test("has a proof of the data itself, if that is on the chain", async () => {
    const path = file("words.txt");
    expect((await chain.run(["stamp", "--data", path])).code).toBe(0);
    const block = await latest();
    expect(block.data).toBe(`0x${Buffer.from("words.txt").toString("hex")}`);
    expectProof(`${path}.ots`, "words.txt", block);
  });

  test("cannot be guessed from the chain with --private", async () => {
    const path = file("secret.txt");
    expect((await chain.run(["stamp", "--private", path])).code).toBe(0);
    expectProof(`${path}.ots`, "secret.txt", await latest());
    expect(await isOnChain("secret.txt")).toBeFalse();
  });

  test("is not sent to a node that is not at work", async () => {
    const status = { ...(await chain.call("getStatus")), state: "bootstrapping" };
    using server = new FakeServer(() => status);
    const { code, err } = await server.run(["stamp", file("early.txt")]);
    expect([code, err]).toEqual([1, expect.stringContaining("bootstrapping")]);
    expect(server.asked.map(({ method }) => method)).toEqual(["getStatus"]);
  });
});

describe("what has no name", () => {
  test("has a proof only with --output, and is told so", async () => {
    const given = file("given");
    for (const [source, content] of [
      [["--text", "a text"], "a text"],
      [["--digest", sha256("a digest")], "a digest"],
      [["-"], "given"],
    ] as const) {
      const without = await chain.run(["stamp", ...source], { stdin: given });
      expect([without.code, without.err]).toEqual([0, "note: no proof is written: give --output\n"]);
      const proof = directory.file(`${content}.proof`);
      const { code, err } = await chain.run(["stamp", ...source, "--output", proof], { stdin: given });
      expect([code, err]).toEqual([0, ""]);
      expectProof(proof, content, (await chain.call("find", { digest: sha256(content) })).blocks[0]);
    }
  });
});

describe("several files", () => {
  test("share one block, and each has its own proof", async () => {
    const names = ["a", "b", "c", "d", "e"].map((name) => `tree/${name}`);
    const { height } = await latest();
    const { code, out, err } = await chain.run(["stamp", ...files(...names), "--json"]);
    expect([code, err]).toEqual([0, ""]);
    const block = await latest();
    expect(block.height).toBe(height + 1);
    const answers = out.trimEnd().split("\n");
    for (const [i, name] of names.entries()) {
      const proof = directory.file(`${name}.ots`);
      expectProof(proof, name, block);
      expect(await isOnChain(name)).toBeFalse();
      expect(JSON.parse(answers[i] ?? "")).toMatchObject({
        file: directory.file(name),
        digest: `0x${sha256(name)}`,
        proof,
        root: block.data,
        block: { id: block.id, height: block.height },
        isNew: true,
      });
    }
  });

  test("tell nothing of each other by their proofs", async () => {
    const paths = files("alike/1", "alike/2", "alike/3");
    await chain.run(["stamp", ...paths]);
    const shown = follow(`${paths[0]}.ots`, "alike/1").messages.join(" ");
    for (const other of ["alike/2", "alike/3"]) expect(shown).not.toContain(sha256(other));
  });

  test("are stamped one by one with --each", async () => {
    const paths = files("each/1", "each/2");
    expect((await chain.run(["stamp", "--each", ...paths])).code).toBe(0);
    for (const name of ["each/1", "each/2"]) {
      const { blocks } = await chain.call("find", { digest: sha256(name) });
      expectProof(directory.file(`${name}.ots`), name, blocks[0]);
    }
  });

  test("keep every proof that is there, and are sent only where none is", async () => {
    const [fits = "", other = "", blockless = "", broken = "", missing = "", free = ""] = files(
      "keep/fits",
      "keep/other",
      "keep/blockless",
      "keep/broken",
      "keep/missing",
      "keep/free",
    );
    await chain.run(["stamp", fits, other]);
    writeFileSync(other, "a later version");
    const pending: OtsFile = {
      hash: "sha256",
      digest: Uint8Array.fromHex(sha256("keep/blockless")),
      timestamp: createTimestamp([{ kind: "pending", uri: "https://calendar.example.org" }], []),
    };
    writeFileSync(`${blockless}.ots`, writeOts(pending));
    writeFileSync(`${broken}.ots`, "no proof");
    rmSync(missing);
    const before = [fits, other, blockless, broken].map((path) => readFileSync(`${path}.ots`).toHex());
    const { code, out, err } = await chain.run(["stamp", fits, other, blockless, broken, missing, free]);
    expect(code).toBe(1);
    expect(out.split("\n").map((line) => line.split("  ").at(0))).toEqual(["has its proof", "stamped", ""]);
    expect(err).toContain(`error: ${other}: ${other}.ots is the proof of another version of the file, and stays`);
    expect(err).toContain(`error: ${blockless}: ${blockless}.ots names no block, and stays as it is\n`);
    expect(err).toContain(`error: ${broken}: ${broken}.ots: `);
    expect(err).toContain(`error: ${missing}: there is no such file or directory\n`);
    expect(err).toContain("\ntimestampvm upgrade adds the block of a stamp.\n");
    expect([fits, other, blockless, broken].map((path) => readFileSync(`${path}.ots`).toHex())).toEqual(before);
    expectProof(`${free}.ots`, "keep/free", await latest());
  });

  test.each([1, 2])("of another chain are no proofs here: %i of them", async (count) => {
    const paths = files("moved/1", "moved/2").slice(0, count);
    using other = await TestChain.start(0, '{"data":"another chain"}');
    for (const path of paths) rmSync(`${path}.ots`, { force: true });
    expect((await other.run(["stamp", ...paths])).code).toBe(0);
    const { height } = await latest();
    const { code, out, err } = await chain.run(["stamp", ...paths]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(`${paths[0]}.ots names a block that this node's chain does not have, and stays as it is\n`);
    expect((await latest()).height).toBe(height);
  });

  test("are files: a folder in the place of one is left alone", async () => {
    const path = file("folder instead/1");
    mkdirSync(`${path}.ots`);
    const { code, err } = await chain.run(["stamp", path]);
    expect([code, err]).toEqual([1, expect.stringContaining(`${path}.ots is no file, and stays as it is\n`)]);
  });

  test("are not stamped for nothing: where no proof can be made, nothing is sent", async () => {
    const long = "n".repeat(240); // a name of 255 bytes is the longest, and a proof has a longer one until it is whole
    const paths = files(`long/${long}`, `long/${long}1`);
    const { height } = await latest();
    for (const named of [paths, paths.slice(1)]) {
      const { code, err } = await chain.run(["stamp", ...named]);
      expect([code, err]).toEqual([1, expect.stringContaining("name")]);
    }
    expect((await latest()).height).toBe(height);
  });

  test("of a block that the chain has lost are no proofs here", async () => {
    const path = file("lost/1");
    using before = await TestChain.start();
    expect((await before.run(["stamp", path])).code).toBe(0);
    using after = await TestChain.start(); // the same genesis, and none of its blocks
    const { code, err } = await after.run(["stamp", path]);
    expect([code, err]).toEqual([1, expect.stringContaining("names a block that this node's chain does not have")]);
  });

  test("are passed over where a shell names them with their files", async () => {
    const paths = files("glob/1", "glob/2");
    await chain.run(["stamp", ...paths]);
    const { code, out } = await chain.run(["stamp", ...paths, ...paths.map((path) => `${path}.ots`)]);
    expect([code, namesIn(out)]).toEqual([0, [...paths]]);
    expect(readdirSync(directory.file("glob")).toSorted()).toEqual(["1", "1.ots", "2", "2.ots"]);
  });

  test.each(["nowhere/", "nowhere/proof"])(
    "are not sent where --output is %s, and there is no such folder",
    async (name) => {
      const { height } = await latest();
      const output = `${directory.path}/${name}`;
      for (const paths of [files("late/1", "late/2"), files("late/1")]) {
        const { code, err } = await chain.run(["stamp", ...paths, "--output", output]);
        expect([code, err]).toEqual([2, expect.stringContaining(`--output: there is no such folder: ${output}\n`)]);
      }
      expect((await latest()).height).toBe(height);
    },
  );

  test("do not share one proof", async () => {
    const { code, err } = await chain.run([
      "stamp",
      ...files("late/1", "late/2"),
      "--output",
      directory.file("one.ots"),
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining("--output: no folder for several proofs: ")]);
  });

  test("have their proofs in the folder of --output, where no two have one name", async () => {
    const paths = files("in/x/photo", "in/y/photo", "in/y/other");
    const folder = `${directory.file("proofs")}/`;
    mkdirSync(folder);
    const { height } = await latest();
    const { code, err } = await chain.run(["stamp", ...paths, "--output", folder]);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(`error: two proofs would have the name ${folder}photo.ots\n`),
    ]);
    expect((await latest()).height).toBe(height);
    expect((await chain.run(["stamp", ...paths.slice(1), "--output", folder])).code).toBe(0);
    expect(readdirSync(folder).toSorted()).toEqual(["other.ots", "photo.ots"]);
    expectProof(`${folder}photo.ots`, "in/y/photo", await latest());
  });
});

describe("a folder", () => {
  test("is stamped with all its files, and passed over the second time", async () => {
    files("folder/b", "folder/a", "folder/deep/er/c", "folder/old.ots", "folder/old.ots.bak", "outside");
    file("folder/a.ots.unfinished-0123456789abcdef");
    symlinkSync(directory.file("outside"), directory.file("folder/link"));
    symlinkSync(directory.path, directory.file("folder/loop"));
    const { code, out, err } = await chain.run(["stamp", "--recursive", directory.file("folder")]);
    expect([code, err]).toEqual([0, ""]);
    const names = ["folder/a", "folder/b", "folder/deep/er/c"];
    expect(namesIn(out)).toEqual(names.map((name) => directory.file(name)));
    const block = await latest();
    for (const name of names) expectProof(directory.file(`${name}.ots`), name, block);
    const again = await chain.run(["stamp", "--recursive", directory.file("folder")]);
    expect([again.code, again.out]).toEqual([
      0,
      names.map((name) => `has its proof  ${directory.file(name)}\n`).join(""),
    ]);
    expect((await latest()).height).toBe(block.height);
  });

  test("needs --recursive", async () => {
    mkdirSync(directory.file("plain"));
    const { code, err } = await chain.run(["stamp", directory.file("plain")]);
    expect([code, err]).toEqual([1, expect.stringContaining("it is a directory")]);
  });
});

describe("a list of names", () => {
  const odd = Buffer.from([0x6f, 0xff, 0x0a, 0x64]); // neither UTF-8 nor one line

  test.each([
    ["lines", "\n"],
    ["NUL", "\0"],
  ])("has %s between them", async (kind, end) => {
    const paths = files(`list ${kind}/1`, `list ${kind}/2`);
    const list = directory.file(`${kind}.list`);
    writeFileSync(list, paths.join(end) + end);
    for (const args of [["--files-from", list], ["--files-from=-"]]) {
      const { code, out } = await chain.run(["stamp", ...args], { stdin: list });
      expect([code, namesIn(out)]).toEqual([0, [...paths]]);
    }
    expectProof(`${paths[1]}.ots`, `list ${kind}/2`, await latest());
  });

  test("keeps each byte of a name", async () => {
    const path = Buffer.concat([Buffer.from(`${directory.path}/`), odd]);
    writeFileSync(path, "odd");
    writeFileSync(directory.file("odd.list"), Buffer.concat([path, Buffer.from([0])]));
    expect((await chain.run(["stamp", "--files-from", directory.file("odd.list")])).code).toBe(0);
    const names = readdirSync(Buffer.from(directory.path), { encoding: "buffer" }).map((name) => name.toString("hex"));
    expect(names).toContain(Buffer.concat([odd, Buffer.from(".ots")]).toString("hex"));
  });

  test("keeps names apart that differ in bytes that are not UTF-8", async () => {
    const folder = directory.file("apart");
    mkdirSync(folder);
    mkdirSync(directory.file("apart proofs"));
    const paths = [0xfe, 0xff].map((byte) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([byte])]));
    for (const path of paths) writeFileSync(path, path);
    const list = directory.file("apart.list");
    writeFileSync(list, Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])])));
    for (const [to, place] of [
      ["apart", []],
      ["apart proofs", ["--output", directory.file("apart proofs")]],
    ] as const) {
      const { code, err } = await chain.run(["stamp", "--files-from", list, ...place]);
      expect([code, err]).toEqual([0, ""]);
      const names = readdirSync(Buffer.from(directory.file(to)), { encoding: "buffer" });
      const proofs = names.map((name) => name.toString("latin1")).filter((name) => name.endsWith(".ots"));
      expect(proofs.toSorted()).toEqual(["\xfe.ots", "\xff.ots"]);
    }
  });

  test("is not empty", async () => {
    writeFileSync(directory.file("empty.list"), "\n\n");
    const { code, err } = await chain.run(["stamp", "--files-from", directory.file("empty.list")]);
    expect([code, err]).toEqual([1, "error: the list of files is empty\n"]);
  });
});

describe("a command line that contradicts itself is wrong use:", () => {
  test.each([
    [["--private", "--each", "a", "b"], "--private hides what --each and --data show"],
    [["--private", "--data", "a"], "--private hides what --each and --data show"],
    [["--recursive"], "--recursive needs a folder"],
    [["--files-from", "list", "a"], "give files, or --files-from with a list of them"],
    [["--no-wait", "a", "b"], "files that are stamped together need the block: leave out --no-wait, or give --each"],
    [["--no-wait", "--output", "x", "a"], "--output needs the block: leave out --no-wait"],
  ])("%j", async (args, problem) => {
    const { code, out, err } = await chain.run(["stamp", ...args]);
    expect([code, out, err]).toEqual([2, "", expect.stringContaining(`error: ${problem}\n`)]);
  });
});

describe("many proofs at once", () => {
  test("take the place of nothing, and are whole or not there", async () => {
    const ots: OtsFile = {
      hash: "sha256",
      digest: Uint8Array.fromHex(sha256("any")),
      timestamp: createTimestamp([{ kind: "bitcoin", height: 1n }], []),
    };
    mkdirSync(directory.file("many"));
    writeFileSync(directory.file("many/there.ots"), "precious");
    const paths = ["many/1.ots", "many/there.ots", "many/no folder/2.ots", "many/3.ots"].map((name) =>
      directory.file(name),
    );
    const writer = new OtsWriter();
    const results = await Promise.allSettled(paths.map((path) => writer.write(path, ots)));
    writer.syncNames();
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(readdirSync(directory.file("many")).toSorted()).toEqual(["1.ots", "3.ots", "there.ots"]);
    expect(readFileSync(directory.file("many/there.ots"), "utf8")).toBe("precious");
    expect(readFileSync(directory.file("many/1.ots")).toHex()).toBe(writeOts(ots).toHex());
  });
});

test("a writer that is abandoned leaves nothing that is not whole", async () => {
  const [path = ""] = files("abandoned/1");
  const ots: OtsFile = {
    hash: "sha256",
    digest: new Uint8Array(32),
    timestamp: createTimestamp([{ kind: "pending", uri: "https://calendar.example.org" }], []),
  };
  const writer = new OtsWriter();
  const writing = writer.write(`${path}.ots`, ots);
  expect(readdirSync(directory.file("abandoned"))).toHaveLength(2);
  writer.abandon();
  expect(readdirSync(directory.file("abandoned"))).toEqual(["1"]);
  await writing.catch(() => {});
});

function namesIn(out: string): readonly (string | undefined)[] {
  return out
    .trimEnd()
    .split("\n")
    .map((line) => line.split("  ").at(-1));
}
