import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blockClaimsOf } from "../../src/proof/block-claims.ts";
import { parseProof } from "../../src/proof/block-proof.ts";
import { readOts } from "../../src/proof/ots/read.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import stock from "../vectors/ots.json";
import otsVectors from "../vectors/ots-proofs.json";
import { fencedIn, readDocument, root } from "./sessions.ts";

interface Vector {
  readonly name: string;
  readonly holds: boolean;
  readonly file: string;
}

const folder = join(root, "tests/vectors");
const text = readFileSync(join(folder, "proofs.json"), "utf8");
const vectors = JSON.parse(text) as readonly Vector[];
const document = readDocument("docs/proof-format.md");
const python = Bun.which("python3");
if (python === null) process.stderr.write("the verifier of docs/proof-format.md is not tested: no python3 was found\n");

describe("a vector", () => {
  test.each(vectors.filter(({ holds }) => holds).map((vector) => [vector.name, vector] as const))(
    "that holds: %s",
    (_, { file }) => {
      const { block, to } = parseProof(file);
      expect(JSON.parse(file)).toMatchObject({ id: block.id, to: { id: to.id } });
    },
  );

  test.each(vectors.filter(({ holds }) => !holds).map((vector) => [vector.name, vector] as const))(
    "that does not hold: %s",
    (_, { file }) => {
      expect(() => parseProof(file)).toThrow();
    },
  );
});

describe("an .ots vector", () => {
  test.each(otsVectors.map(({ name, file, blocks }) => [name, file, blocks] as const))(
    "is right: %s",
    (_, file, blocks) => {
      const idsOf = () =>
        blockClaimsOf(readOts(Uint8Array.fromHex(file))).flatMap((claim) =>
          claim.kind === "block" ? [claim.block.id] : [],
        );
      if (blocks === null) expect(idsOf).toThrow("not an OpenTimestamps proof");
      else expect<string[]>(idsOf().toSorted()).toEqual(blocks);
    },
  );
});

describe.skipIf(python === null)("without our code", () => {
  const run = (...args: readonly string[]) => Bun.spawnSync([python ?? "", ...args]).stdout.toString();

  test("the vectors are made", () => {
    expect(run(join(folder, "proofs.py"))).toBe(text);
    expect(run(join(folder, "ots-proofs.py"))).toBe(readFileSync(join(folder, "ots-proofs.json"), "utf8"));
  });

  test("the verifier of the document is right about each of them", () => {
    using directory = withVerifiers(checkAll);
    expect(JSON.parse(run(directory.file("all.py"), join(folder, "proofs.json")))).toEqual(
      vectors.map(({ name, holds }) => [name, holds]),
    );
  });

  test("the verifier of .ots files is right about each of them, and reads what the stock client reads", () => {
    using directory = withVerifiers(checkAllOts);
    const check = (name: string) => JSON.parse(run(directory.file("all.py"), join(folder, name)));
    expect(check("ots-proofs.json")).toEqual(otsVectors.map(({ name, blocks }) => [name, blocks]));
    // Numbers of more than 64 bits are refused.
    const read = stock.files.filter(({ stock }) => stock !== "refused").map(({ name }) => name);
    expect(check("ots.json")).toEqual(read.filter((name) => name !== "bitcoin-height-57344-bits"));
  });

  test("the verifier of .ots files says in words what it found", () => {
    using directory = withVerifiers("");
    writeFileSync(directory.file("hello.txt"), "hello world\n");
    writeFileSync(directory.file("hello.txt.ots"), Buffer.from(stock.block.ots_hex, "hex"));
    const said = run(directory.file("verify_ots.py"), directory.file("hello.txt"), directory.file("hello.txt.ots"));
    expect(said).toBe(
      `block ${stock.block.block_id} carries it, if that is one of chain ${stock.block.chain_id_cb58}\n`,
    );
    expect(run(directory.file("verify_ots.py"), directory.file("all.py"), directory.file("hello.txt.ots"))).toBe("");
  });
});

/** A folder with the programs of the document, and one more, `all.py`. */
function withVerifiers(program: string) {
  const directory = temporaryDirectory();
  for (const { info, text } of fencedIn(document)) {
    const [, name] = /^python (\w+\.py)$/.exec(info) ?? [];
    if (name !== undefined) writeFileSync(directory.file(name), text);
  }
  writeFileSync(directory.file("all.py"), program);
  return directory;
}

/** Prints the ids that each vector of ours proves; of the others, which are read. */
const checkAllOts = `
import base64, gzip, json, sys, verify_ots

def blocks_of(raw):
    try:
        return sorted(block["id"] for block in verify_ots.check_ots(raw)[1])
    except verify_ots.FAULTS:
        return None

vectors = json.load(open(sys.argv[1]))
if isinstance(vectors, list):
    print(json.dumps([[one["name"], blocks_of(bytes.fromhex(one["file"]))] for one in vectors]))
else:
    unpack = lambda one: gzip.decompress(base64.b64decode(one["bytes"]))
    print(json.dumps([one["name"] for one in vectors["files"] if blocks_of(unpack(one)) is not None]))
`;

/** Prints for each vector whether the verifier says that it holds. */
const checkAll = `
import json, sys, verify

def holds(text):
    try:
        verify.check(text)
        return True
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError):
        return False

print(json.dumps([[one["name"], holds(one["file"])] for one in json.load(open(sys.argv[1]))]))
`;

test("the block that the document shows is one that timestampvm-rs made", () => {
  const [shown] = fencedIn(document).filter(({ text }) => text.startsWith('{"parent_id"'));
  const [, second] = vectors;
  const { blocks } = JSON.parse(second?.file ?? "") as { blocks: readonly string[] };
  expect(Buffer.from(blocks[1]?.slice(2) ?? "", "hex").toString()).toBe(shown?.text.trim() ?? "");
});

test("the file that the document shows, part by part, is the one of another program", () => {
  const [shown] = fencedIn(document).filter(({ info }) => info === "ots");
  const lines = shown?.text.trim().split("\n") ?? [];
  const block = lines.at(-1) ?? "";
  const hex = lines.slice(0, -1).map((line) => /^(?:00 )?[0-9a-f]+/.exec(line)?.[0].replace(" ", ""));
  expect(hex.join("") + Buffer.from(block).toString("hex")).toBe(stock.block.ots_hex);
});
