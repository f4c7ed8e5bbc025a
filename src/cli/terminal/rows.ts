import type { Paint } from "./output.ts";

/** A name and its value. A row without a value is left out. */
export type OutputRow = readonly [name: string, value: string | undefined];

/** Formats rows below each other, with names and values aligned. */
export function formatRows(rows: readonly OutputRow[], paint: Paint): string {
  const shown = rows.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint("dim", name.padEnd(width))}  ${value}\n`).join("");
}
