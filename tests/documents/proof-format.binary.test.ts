import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseProof } from "../../src/proof/block-proof.ts";
import { temporaryDirectory } from "../support/temporary.ts";
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

describe.skipIf(python === null)("without our code", () => {
  const run = (...args: readonly string[]) => Bun.spawnSync([python ?? "", ...args]).stdout.toString();

  test("the vectors are made", () => {
    expect(run(join(folder, "proofs.py"))).toBe(text);
  });

  test("the verifier of the document is right about each of them", () => {
    using directory = temporaryDirectory();
    const [verifier] = fencedIn(document).filter(({ info }) => info === "python verify.py");
    writeFileSync(directory.file("verify.py"), verifier?.text ?? "");
    writeFileSync(directory.file("all.py"), checkAll);
    expect(JSON.parse(run(directory.file("all.py"), join(folder, "proofs.json")))).toEqual(
      vectors.map(({ name, holds }) => [name, holds]),
    );
  });
});

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
