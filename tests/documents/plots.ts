import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Draws the plots of docs/performance.md from its own tables, by `make gen`.

/** A picture of some rows of the one table that has these columns. */
interface Plot {
  readonly file: string;
  readonly title: string;
  readonly columns: readonly string[];
  /** What the rows are about, and the name that each has in the picture. */
  readonly rows: readonly (readonly [start: string, name: string])[];
}

const root = join(import.meta.dir, "../..");
const ours = ["timestampvm", "timestampvm-rs"];

export const plots: readonly Plot[] = [
  {
    file: "docs/images/blocks-per-second.svg",
    title: "blocks a second: propose, build, verify, prefer, accept",
    columns: ours,
    rows: [
      ["propose, build", "32 B of data"],
      ["the same, 1 KiB", "1 KiB"],
      ["the same, 64 KiB", "64 KiB"],
      ["the same, 1 MB", "1 MB"],
    ],
  },
  {
    file: "docs/images/calls-per-second.svg",
    title: "calls a second, 32 callers",
    columns: ours,
    rows: [
      ["`ping`", "ping"],
      ["`lastAccepted`", "lastAccepted"],
      ["`getBlock`,", "getBlock"],
      ["`proposeBlock`", "proposeBlock"],
    ],
  },
];

// In pixels.
const width = 720;
const left = 110;
const barHeight = 16;
const rowHeight = 2 * barHeight + 14;
const longest = width - left - 70;
/** Readable on a light page and on a dark one. */
const colors = ["#2f81f7", "#8b949e"];

/** The SVG of a plot, from the tables in the text of docs/performance.md. Throws where a row is missing. */
export function drawPlot({ title, columns, rows }: Plot, markdown: string): string {
  const table = tableWith(markdown, columns);
  const bars = rows.map(([start, name]) => ({ name, values: valuesIn(table, start) }));
  const max = Math.max(...bars.flatMap(({ values }) => values));
  const top = 56;
  const drawn = bars.flatMap(({ name, values }, i) => [
    text(left - 8, top + i * rowHeight + barHeight + 4, name, "end"),
    ...values.flatMap((value, j) => bar(top + i * rowHeight + j * barHeight, (value / max) * longest, value, j)),
  ]);
  const legend = columns.flatMap((name, j) => [
    `<rect x="${left + j * 150}" y="30" width="10" height="10" fill="${colors[j]}"/>`,
    text(left + 16 + j * 150, 39, name),
  ]);
  const height = top + bars.length * rowHeight;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    text(left, 18, title),
    ...legend,
    ...drawn,
    "</svg>",
  ].join("\n")}\n`;
}

function bar(y: number, length: number, value: number, series: number): string[] {
  if (value === 0) return [text(left + 4, y + 12, "none")];
  return [
    `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight - 2}" fill="${colors[series]}"/>`,
    text(left + length + 4, y + 12, value.toLocaleString("en-US")),
  ];
}

function text(x: number, y: number, words: string, anchor = "start"): string {
  return `<text x="${x.toFixed(0)}" y="${y}" fill="#7d8590" text-anchor="${anchor}">${words}</text>`;
}

function tableWith(markdown: string, columns: readonly string[]): readonly string[] {
  const lines = markdown.split("\n");
  const start = lines.indexOf(`| | ${columns.join(" | ")} |`);
  if (start === -1) throw new Error(`no table has the columns ${columns.join(" and ")}`);
  return lines.slice(start + 2, lines.indexOf("", start));
}

/** The first number of each cell; 0 for a cell without one. */
function valuesIn(table: readonly string[], start: string): number[] {
  const row = table.find((line) => line.startsWith(`| ${start}`));
  if (row === undefined) throw new Error(`no row begins with ${start}`);
  const [, , ...cells] = row.split("|").slice(0, -1);
  return cells.map((cell) => Number(/^ ([\d,]+)/.exec(cell)?.[1]?.replaceAll(",", "") ?? 0));
}

export function readFigures(): string {
  return readFileSync(join(root, "docs/performance.md"), "utf8");
}

if (import.meta.main) {
  for (const plot of plots) writeFileSync(join(root, plot.file), drawPlot(plot, readFigures()));
}
