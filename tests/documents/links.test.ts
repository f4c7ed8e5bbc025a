import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { documents, readDocument, root } from "./sessions.ts";

const maxPictureBytes = 150_000;
/** Lines: read in three minutes. */
const maxReadmeLines = 150;

/** A link of a document: the path of a file in the checkout, and what follows the "#". */
interface Link {
  readonly path: string;
  readonly anchor: string | undefined;
}

describe.each(documents)("%s", (document) => {
  test("links to files and headings that are there", () => {
    for (const { path, anchor } of linksIn(document)) {
      expect(existsSync(join(root, path)), path).toBeTrue();
      if (anchor !== undefined) expect(anchorsOf(path), `#${anchor} of ${path}`).toContain(anchor);
    }
  });
});

test("pictures are small", () => {
  for (const name of readdirSync(join(root, "docs/images"))) {
    expect(statSync(join(root, "docs/images", name)).size, name).toBeLessThanOrEqual(maxPictureBytes);
  }
});

test("the README is short", () => {
  expect(readDocument("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(maxReadmeLines);
});

test("every document of docs can be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const document of reached) {
    for (const { path } of linksIn(document)) if (documents.includes(path)) reached.add(path);
  }
  expect(documents.filter((path) => path.startsWith("docs/") && !reached.has(path))).toEqual([]);
});

test("src/README.md names every folder of src", () => {
  for (const entry of readdirSync(join(root, "src"), { withFileTypes: true })) {
    if (entry.isDirectory()) expect(readDocument("src/README.md")).toContain(`── ${entry.name}/ `);
  }
});

/** Links into the web are not looked up. */
function linksIn(document: string): Link[] {
  const prose = withoutCode(readDocument(document)).replaceAll(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g), ...prose.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return targets.flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = "", anchor] = target.split("#");
    return [{ path: file === "" ? document : relative(root, join(root, dirname(document), file)), anchor }];
  });
}

/** The anchors that GitHub gives to headings: lower case, without punctuation, spaces as "-", a number when it comes again. */
function anchorsOf(path: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCode(readDocument(path)).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");
}
