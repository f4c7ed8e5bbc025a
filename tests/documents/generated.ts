import { readFileSync, writeFileSync } from "node:fs";

// The parts of documents that programs write. Each stands between two comments, of which the first names it.

/** The document with other parts, by their names. Throws where it has no place for one of them. */
export function withParts(document: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce(withPart, document);
}

/** The name of every part of a document. */
export function partsOf(document: string): string[] {
  return [...document.matchAll(/^<!-- begin (.+), written by make [a-z-]+ -->$/gm)].map(([, name = ""]) => name);
}

function withPart(document: string, [name, text]: readonly [string, string]): string {
  const begin = new RegExp(`^<!-- begin ${name}, written by make [a-z-]+ -->\\n`, "m").exec(document);
  const from = begin === null ? -1 : begin.index + begin[0].length;
  const to = document.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`the document has no place for ${name}`);
  return `${document.slice(0, from)}${text}\n${document.slice(to)}`;
}

const end = "<!-- end -->";

/** Writes parts into the file of a document. */
export function rewrite(path: string, parts: Readonly<Record<string, string>>): void {
  writeFileSync(path, withParts(readFileSync(path, "utf8"), parts));
}

/** A table in Markdown. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const formatRow = (cells: readonly string[]) =>
    `|${cells.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|`;
  return [formatRow(head), `|${"---|".repeat(head.length)}`, ...rows.map(formatRow)].join("\n");
}
