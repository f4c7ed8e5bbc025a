import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The checkout. */
export const root: string = join(import.meta.dir, "../..");

/** All documents, by their paths in the checkout. */
export const documents: readonly string[] = ["*.md", "{docs,examples,src,tests}/**/*.md"]
  .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(root)])
  .sort();

/** The text of a document. */
export function readDocument(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** A command of a terminal session in a document, and what it prints. */
export interface Step {
  readonly command: string;
  readonly output: string;
}

/** A fenced block of a document: what stands behind its fence, and its lines. */
export interface Fenced {
  readonly info: string;
  readonly text: string;
}

/** In a list, a block is indented, fence and all. */
export function fencedIn(markdown: string): Fenced[] {
  const blocks = markdown.matchAll(/^( *)```(.*)\n([\s\S]*?)^\1```$/gm);
  return [...blocks].map(([, indent = "", info = "", text = ""]) => ({
    info,
    text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** Whether a block is a terminal session: it begins with a prompt. */
export function isSession({ text }: Fenced): boolean {
  return text.startsWith("$ ");
}

/** The commands of a session, each with what is shown below it. */
export function stepsIn({ text }: Fenced): Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = "", ...output] = step.split("\n");
      return { command, output: output.join("\n").trim() };
    });
}

/** What does not depend on when and where it was printed. */
export function comparable(output: string): string {
  return output
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>")
    .replaceAll(/\b1[7-9]\d{8}\b/g, "<timestamp>")
    .replaceAll(/\b[1-9A-HJ-NP-Za-km-z]{43,52}\b/g, "<id>")
    .replaceAll(/\b[0-9a-f]{32}\b/g, "<instance>")
    .replaceAll(/(?<=^(size|database) +)[\d,]+(?= bytes$)/gm, "<size>")
    .replaceAll(/(?<=^up for +)\d+ s$/gm, "<time>")
    .replaceAll(/0x7b22[0-9a-f]{100,}/g, "<block>")
    .replaceAll(/\[\d+(\.\d+)?m?s\]/g, "[<time>]")
    .replaceAll(/\b127\.0\.0\.1:\d+/g, "<address>")
    .replaceAll(/\bNodeID-\w+/g, "<node>")
    .trim();
}
