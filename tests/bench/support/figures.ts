export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same of what it is compared with, in turns. */
  readonly beside?: number | undefined;
  /** The goal for the value, where there is one. */
  readonly most?: number | undefined;
  /** The goal for the value divided by what it is compared with. */
  readonly mostRatio?: number | undefined;
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

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Prints a table. Where something was compared, `columns` names what was measured, and beside what. */
export function printTable(rows: readonly Row[], columns?: readonly [measured: string, beside: string]): void {
  const [measured, beside] = columns ?? ["measured"];
  const head = beside === undefined ? ["what", measured, "goal"] : ["what", measured, beside, "ratio", "goal"];
  const lines = rows.map((row) => {
    const compared = beside === undefined ? [] : [quantity(row.beside, row.unit), ratioOf(row)?.toFixed(3) ?? ""];
    return [row.name, quantity(row.value, row.unit), ...compared, judge(row)];
  });
  const cells = [head, head.map(() => "---"), ...lines];
  process.stdout.write(`${cells.map((line) => `| ${line.join(" | ")} |`).join("\n")}\n\n`);
}

function judge(row: Row): string {
  const { value, unit, most, mostRatio } = row;
  const ratio = ratioOf(row);
  if (most !== undefined) return `at most ${most}${unit && ` ${unit}`}: ${verdict(value <= most)}`;
  if (mostRatio === undefined || ratio === undefined) return "";
  return `ratio at most ${mostRatio}: ${verdict(ratio <= mostRatio)}`;
}

function verdict(isMet: boolean): string {
  return isMet ? "met" : "MISSED";
}

function ratioOf({ value, beside }: Row): number | undefined {
  return beside === undefined ? undefined : value / beside;
}

/** Three digits that count, and every digit before the point. */
function quantity(value: number | undefined, unit: string): string {
  if (value === undefined) return "";
  const digits = value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return unit === "" ? digits : `${digits} ${unit}`;
}
