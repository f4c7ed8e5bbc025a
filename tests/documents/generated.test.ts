import { describe, expect, test } from "bun:test";
import { defaultConfig } from "../../src/core/config.ts";
import { parts } from "./generate.ts";
import { formatTable, partsOf, withParts } from "./generated.ts";
import { documents, readDocument } from "./sessions.ts";

test.each(Object.entries(parts))("%s says what the code says: make gen", (path, own) => {
  const document = readDocument(path);
  expect(withParts(document, own)).toBe(document);
});

test("every part of a document is made by something", () => {
  const made = { ...parts, "docs/operate.md": { ...parts["docs/operate.md"], protocols: "" } };
  for (const path of documents) {
    expect(partsOf(readDocument(path)).sort(), path).toEqual(Object.keys(made[path as keyof typeof made] ?? {}).sort());
  }
});

describe("a part", () => {
  const document = "before\n<!-- begin a, written by make gen -->\nold\n<!-- end -->\nafter\n";

  test("takes the place of the one that is there, and of nothing else", () => {
    expect(withParts(document, { a: "new\nlines" })).toBe(document.replace("old", "new\nlines"));
    expect(partsOf(document)).toEqual(["a"]);
  });

  test("must have a place", () => {
    expect(() => withParts(document, { b: "new" })).toThrow("the document has no place for b");
  });

  test("may be a table, with empty cells", () => {
    expect(formatTable(["a", "b"], [["1", ""]])).toBe("| a | b |\n|---|---|\n| 1 | |");
  });
});

test("every setting has a row with its default", () => {
  const [, section = ""] = readDocument("docs/operate.md").split("\n## Settings\n");
  const rows = section.slice(0, section.indexOf("\n## ")).matchAll(/^\| `(\w+)` \| `?([^ `]+)`? \|/gm);
  const settings = Object.entries(defaultConfig).map(([key, value]) => [key, JSON.stringify(value)]);
  expect([...rows].map(([, key, value]) => [key, value])).toEqual(settings);
});

describe("of the API", () => {
  const document = readDocument("docs/api.md");

  test.each([
    "| `mempool full` | `items`, `bytes` | ",
    "| `too many waiting` | `waiting` | ",
    "### getBlockAt\n",
    "| `waitMs`? | integer, 0 to 25,000 | wait up to so many milliseconds until it is accepted |",
    '| `order`? | `"ascending"` or `"descending"` | (default: `"descending"`) |',
    'Result: `{ block: ClassicBlock, claim?: "confirmed" | "unconfirmed" | "false",',
    '| `Receipt` | `{ id: Digest, status: "pending" \\| "processing" \\| "accepted" \\| "unknown", block?: StampedBlock }` |',
  ])("it is said: %s", (text) => {
    expect(document).toContain(text);
  });

  test("an error has its methods", () => {
    expect(document).toMatch(/\| `invalid params` \| `parameter`\? \| .* \| every method \|/);
    expect(document).toMatch(/\| `too many waiting` \|.*\| `getBlocks`, `getReceipt` \|/);
  });
});

test("a command has its help, with what stands behind its options", () => {
  const document = readDocument("docs/commands.md");
  expect(document).toContain("### db rollback\n\n```text\nUsage: timestampvm db rollback [options] <database>\n");
  expect(document).toMatch(
    /### find\n\n```text\nUsage: [\s\S]*Options:[\s\S]*\nExit codes:\n {2}0 {2}done\n {2}1 {2}it was never stamped/,
  );
});
