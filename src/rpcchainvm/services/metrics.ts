import type { MessageInitShape } from "@bufbuild/protobuf";
import { type MetricFamilySchema, MetricType } from "../../../gen/io/prometheus/client/metrics_pb.ts";
import { textOf } from "../../avalanche/coded-error.ts";
import type { Log } from "../../log.ts";
import type { ChainVm, Metric } from "../chain-vm.ts";
import type { HttpAdmission } from "./http-handler.ts";

type MetricFamily = MessageInitShape<typeof MetricFamilySchema>;

/**
 * The answer to Gather: metrics of the process, and of the VM if there is one. The node merges those of all chains. If
 * one chain sends an error, or a metric that cannot be merged (`problemOf`), the node shows none at all. So such a
 * metric is left out, and when a VM fails, all of the VM's metrics are.
 */
export function gatherMetrics(
  vm: Pick<ChainVm, "metrics"> | undefined,
  http: Pick<HttpAdmission, "requests" | "refused"> | undefined,
  log: Log,
): MetricFamily[] {
  const ours = [...processMetrics(), ...(http === undefined ? [] : httpMetrics(http))].map(formatMetric);
  const names = new Set(ours.map(({ name }) => name ?? ""));
  const families = [...ours];
  try {
    for (const metric of vm?.metrics?.() ?? []) {
      const problem = names.has(metric.name) ? "comes twice" : problemOf(metric);
      if (problem !== undefined) log.error("metric left out", { name: metric.name, problem });
      else families.push(formatMetric(metric));
      names.add(metric.name);
    }
  } catch (error) {
    log.error("metrics not gathered", { error: textOf(error) });
  }
  return families;
}

/**
 * Why the node could not merge a metric; undefined if it can (client_golang, prometheus/registry.go,
 * `checkMetricConsistency`). The label `chain` is the node's own.
 */
function problemOf({ name, help, samples }: Metric): string | undefined {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) return "its name is none";
  if (typeof help !== "string") return "its help is no text";
  const labels = samples.map(({ labels = {} }) => Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  const isLabel = ([name, value]: readonly [string, unknown]) =>
    /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && name !== "chain" && typeof value === "string";
  if (!labels.flat().every(isLabel)) return "a label is none, or the node's own";
  if (new Set(labels.map((pairs) => JSON.stringify(pairs))).size < samples.length)
    return "two samples have equal labels";
  if (!samples.every(({ value }) => typeof value === "number")) return "a value is no number";
  return undefined;
}

function processMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    counter("process_cpu_seconds_total", "User and system CPU time", (user + system) / 1e6),
    gauge("process_resident_memory_bytes", "Resident memory", process.memoryUsage.rss()),
    gauge("process_start_time_seconds", "Start of the process, Unix seconds", startSeconds),
  ];
}

function httpMetrics({ requests, refused }: Pick<HttpAdmission, "requests" | "refused">): readonly Metric[] {
  return [
    gauge("http_requests", "HTTP requests that are not answered yet", requests),
    {
      name: "http_requests_refused_total",
      help: "HTTP requests answered with 503, by what there was no room for",
      type: "counter",
      samples: Object.entries(refused).map(([reason, value]) => ({ labels: { reason }, value })),
    },
  ];
}

const startSeconds = Math.floor(Date.now() / 1000 - process.uptime());

/** A figure that only grows; its name ends in `_total`. */
export function counter(name: string, help: string, value: number): Metric {
  return { name, help, type: "counter", samples: [{ value }] };
}

/** A figure that goes up and down. */
export function gauge(name: string, help: string, value: number): Metric {
  return { name, help, type: "gauge", samples: [{ value }] };
}

function formatMetric({ name, help, type, samples }: Metric): MetricFamily {
  const metric = samples.map(({ labels = {}, value }) => ({
    label: Object.entries(labels).map(([name, value]) => ({ name, value })),
    ...(type === "counter" ? { counter: { value } } : { gauge: { value } }),
  }));
  return { name, help, type: type === "counter" ? MetricType.COUNTER : MetricType.GAUGE, metric };
}
