// Demands that enough of each source was run, by all runs together that noted it: bun coverage.ts DIRECTORY…
import { join } from "node:path";

const minPercent = 95;

interface Coverage {
  /** By the number of a line: whether it was run. */
  readonly lines: ReadonlyMap<string, boolean>;
  readonly functions: number;
  /** At least so many: a note says how many it ran, and not which. */
  readonly functionsRun: number;
}

const notes = await Promise.all(process.argv.slice(2).map((path) => Bun.file(join(path, "lcov.info")).text()));
for (const note of notes) if (!note.includes("SF:")) throw new Error("a note has no source: did the tests run?");
const lacking = [...joined(notes.flatMap(sourcesIn))].filter(([, coverage]) => percentOf(coverage) < minPercent);
for (const [source, coverage] of lacking)
  process.stderr.write(`${source}: ${percentOf(coverage).toFixed(1)} % were run\n`);
if (notes.length === 0) process.stderr.write("usage: coverage.ts DIRECTORY…\n");
if (lacking.length > 0 || notes.length === 0) process.exit(1);

/** The lower share of the two, of its lines and of its functions. */
function percentOf({ lines, functions, functionsRun }: Coverage): number {
  const linesRun = [...lines.values()].filter(Boolean).length;
  return Math.min(percent(linesRun, lines.size), percent(functionsRun, functions));
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : (100 * part) / whole;
}

function joined(sources: readonly (readonly [string, Coverage])[]): ReadonlyMap<string, Coverage> {
  const all = new Map<string, Coverage>();
  for (const [source, coverage] of sources) {
    const known = all.get(source) ?? coverage;
    const lines = new Map(known.lines);
    for (const [line, run] of coverage.lines) lines.set(line, run || lines.get(line) === true);
    all.set(source, { ...coverage, lines, functionsRun: Math.max(known.functionsRun, coverage.functionsRun) });
  }
  return all;
}

/** The sources of a note in the format of lcov, as Bun writes it. */
function sourcesIn(note: string): (readonly [string, Coverage])[] {
  return note.split("end_of_record\n").flatMap((record) => {
    const [source] = valuesOf(record, "SF");
    if (source === undefined) return [];
    const lines = new Map(valuesOf(record, "DA").map((value) => lineOf(value)));
    return [[source, { lines, functions: numberOf(record, "FNF"), functionsRun: numberOf(record, "FNH") }]];
  });
}

function lineOf(value: string): readonly [string, boolean] {
  const [line = "", times] = value.split(",");
  return [line, Number(times) > 0];
}

function numberOf(record: string, key: string): number {
  return Number(valuesOf(record, key)[0] ?? 0);
}

function valuesOf(record: string, key: string): readonly string[] {
  return [...record.matchAll(new RegExp(`^${key}:(.*)$`, "gm"))].map(([, value = ""]) => value);
}
