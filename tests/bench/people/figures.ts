export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The goal, where there is one. */
  readonly most?: number;
}

/** Milliseconds that `work` takes. */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function printTable(rows: readonly Row[]): void {
  const lines = rows.map(({ name, value, unit, most }) => {
    const goal = most === undefined ? "" : `at most ${most}${unit && ` ${unit}`}: ${value <= most ? "met" : "MISSED"}`;
    return `| ${name} | ${value.toPrecision(3)} ${unit} | ${goal} |`;
  });
  process.stdout.write(`${["| what | measured | goal |", "|---|---|---|", ...lines].join("\n")}\n`);
}
