import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { drawPlot, plots, readFigures } from "./plots.ts";

const root = join(import.meta.dir, "../..");

test.each(plots)("$file is what the table says", (plot) => {
  expect(readFileSync(join(root, plot.file), "utf8")).toBe(drawPlot(plot, readFigures()));
});

test("a bar is as long as its figure, and a row without one says so", () => {
  const table = "| | a | b |\n|---|---|---|\n| x, y | 1,000/s; 2 µs | 500/s |\n| z | 250 | fails: 7 |\n";
  const rows = [
    ["x", "first"],
    ["z", "second"],
  ] as const;
  const svg = drawPlot({ file: "", title: "t", columns: ["a", "b"], rows }, table);
  expect(svg.match(/(?<=<rect x="110" .*width=")[\d.]+(?=" height="14")/g)?.map(Number)).toEqual([540, 270, 135]);
  expect(svg).toContain(">1,000</text>");
  expect(svg).toContain(">none</text>");
  expect(() => drawPlot({ file: "", title: "t", columns: ["a", "c"], rows }, table)).toThrow("no table");
  expect(() => drawPlot({ file: "", title: "t", columns: ["a", "b"], rows: [["q", "q"]] }, table)).toThrow("no row");
});
