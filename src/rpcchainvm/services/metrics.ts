import type { MessageInitShape } from "@bufbuild/protobuf";
import { type MetricFamilySchema, MetricType } from "../../../gen/io/prometheus/client/metrics_pb.ts";
import type { Log } from "../../log.ts";
import type { ChainVm, Metric } from "../chain-vm.ts";
import type { HttpAdmission } from "./http-handler.ts";

type MetricFamily = MessageInitShape<typeof MetricFamilySchema>;

/**
 * What Gather answers: of the process, and of the VM where there is one; nothing when the VM fails to say how it is, since an
 * error would take away the metrics of every chain of the node. The node puts the VM's id before each name and a label `chain`
 * on each value, and answers nobody if one of ours has that label or comes twice.
 */
export function gatherMetrics(
  vm: Pick<ChainVm, "metrics"> | undefined,
  http: Pick<HttpAdmission, "requests" | "refused"> | undefined,
  log: Log,
): MetricFamily[] {
  try {
    const metrics = [...processMetrics(), ...(http === undefined ? [] : httpMetrics(http)), ...(vm?.metrics?.() ?? [])];
    return metrics.map(formatMetric);
  } catch (error) {
    log.error("metrics not gathered", { error: String(error) });
    return [];
  }
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
