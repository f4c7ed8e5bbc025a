import { expect, test } from "bun:test";
import { Log } from "../../src/log.ts";
import type { Metric } from "../../src/rpcchainvm/chain-vm.ts";
import { counter, gatherMetrics, gauge } from "../../src/rpcchainvm/services/metrics.ts";

const silent = new Log(() => {});
const processNames = gatherMetrics(undefined, undefined, silent).map(({ name }) => name);

/** The names of what the node gets beside the process's own, and what is logged. */
function gather(metrics: readonly Metric[]) {
  const logged: string[] = [];
  const log = new Log((line) => logged.push(line));
  const names = gatherMetrics({ metrics: () => metrics }, undefined, log).map(({ name }) => name);
  expect(names.slice(0, processNames.length)).toEqual(processNames);
  return { names: names.slice(processNames.length), problems: logged.map((line) => JSON.parse(line).problem) };
}

const labelled = (...labels: readonly Record<string, string>[]): Metric => ({
  ...gauge("labelled", "Some figures", 0),
  samples: labels.map((labels) => ({ labels, value: 1 })),
});

test.each<[string, Metric]>([
  ["no labels", gauge("a:figure_1", "A figure", Number.NaN)],
  ["labels that tell its samples apart", labelled({ kind: "a", of: "x" }, { kind: "b", of: "x" }, { kind: "a" }, {})],
  ["no samples", labelled()],
  ["no help", counter("figures_total", "", Number.POSITIVE_INFINITY)],
])("a metric with %s is gathered", (_what, metric) => {
  expect(gather([metric])).toEqual({ names: [metric.name], problems: [] });
});

/** As a program may give it that no compiler has seen. */
const untyped = (values: object) => ({ ...counter("figures_total", "Some figures", 1), ...values }) as Metric;

test.each<[string, Metric]>([
  ["its name is none", counter("", "Some figures", 1)],
  ["its name is none", counter("1st", "Some figures", 1)],
  ["its name is none", counter("some-figures", "Some figures", 1)],
  ["its help is no text", untyped({ help: undefined })],
  ["a label is none, or the node's own", labelled({ chain: "x" })],
  ["a label is none, or the node's own", labelled({ __name__: "x" })],
  ["a label is none, or the node's own", labelled({ "a-b": "x" })],
  ["a label is none, or the node's own", untyped({ samples: [{ labels: { kind: 1 }, value: 1 }] })],
  ["two samples have equal labels", labelled({ kind: "a", of: "x" }, { of: "x", kind: "a" })],
  ["two samples have equal labels", labelled({}, {})],
  ["a value is no number", untyped({ samples: [{ value: 1n }] })],
  ["comes twice", counter("process_cpu_seconds_total", "Of the VM", 1)],
])("a metric is left out, and the others are gathered: %s", (problem, metric) => {
  const others = [gauge("before", "A figure", 1), gauge("after", "A figure", 1)] as const;
  expect(gather([others[0], metric, others[1]])).toEqual({ names: ["before", "after"], problems: [problem] });
});

test("a metric that comes twice is gathered once", () => {
  const figure = gauge("figure", "A figure", 1);
  expect(gather([figure, figure])).toEqual({ names: ["figure"], problems: ["comes twice"] });
});
