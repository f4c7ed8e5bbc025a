import { readFileSync } from "node:fs";

/** A small change of a source, which some tests notice. */
export interface Mutation {
  readonly source: string;
  readonly text: string;
  readonly becomes: string;
  /** The files of tests that fail because of it. */
  readonly tests: readonly string[];
}

/** The table at the end of tests/README.md. */
export function readMutations(): Mutation[] {
  const [, list = ""] = readFileSync("tests/README.md", "utf8").split("\n## Mutations\n");
  const rows = list.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) => {
    const [source = "", text = "", becomes = "", killedBy = ""] = row.slice(2, -2).split(" | ").map(codeIn);
    return { source, text, becomes, tests: killedBy.split(" ") };
  });
}

/** What stands between backticks, as Markdown reads it in a table. */
function codeIn(cell: string): string {
  return cell.replaceAll("`", "").replaceAll("\\|", "|");
}
