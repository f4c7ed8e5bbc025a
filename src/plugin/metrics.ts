import type { MessageInitShape } from "@bufbuild/protobuf";
import { type MetricFamilySchema, MetricType } from "../../gen/io/prometheus/client/metrics_pb.ts";
import type { Log } from "../log.ts";
import type { HttpAdmission } from "../rpcchainvm/services/http-service.ts";
import type { Status } from "../vm/status.ts";

type MetricFamily = MessageInitShape<typeof MetricFamilySchema>;

/**
 * What `vm.VM/Gather` answers; nothing when the status cannot be had, since an error would take away the metrics of every
 * chain of the node. The node puts the VM's id before each name and a label `chain` on each value, and answers nobody if
 * one of ours has that label or comes twice.
 */
export function gatherMetrics(
  getStatus: () => Status | undefined,
  http: Pick<HttpAdmission, "requests" | "refused">,
  log: Log,
): MetricFamily[] {
  try {
    return formatMetrics(getStatus(), http);
  } catch (error) {
    log.error("metrics not gathered", { error: String(error) });
    return [];
  }
}

function formatMetrics(
  status: Status | undefined,
  { requests, refused }: Pick<HttpAdmission, "requests" | "refused">,
): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const families = [
    counter("process_cpu_seconds_total", "User and system CPU time", (user + system) / 1e6),
    gauge("process_resident_memory_bytes", "Resident memory", process.memoryUsage.rss()),
    gauge("process_start_time_seconds", "Start of the process, Unix seconds", startSeconds),
    gauge("http_requests", "HTTP requests that are not answered yet", requests),
    countersByReason(
      "http_requests_refused_total",
      "HTTP requests answered with 503, by what there was no room for",
      refused,
    ),
  ];
  if (status === undefined) return families;
  const { lastAccepted, processing, mempool, databaseBytes, peers, blocks, proposals } = status;
  return [
    ...families,
    gauge("last_accepted_height", "Height of the last accepted block", Number(lastAccepted.height)),
    gauge("last_accepted_timestamp_seconds", "Its timestamp, Unix seconds", Number(lastAccepted.timestamp)),
    gauge("processing_blocks", "Verified blocks that are not decided", processing),
    gauge("mempool_items", "Proposals that wait for a block", mempool.items),
    gauge("mempool_bytes", "Bytes of data that they hold", mempool.bytes),
    gauge("mempool_oldest_seconds", "How long the oldest of them waits", Number(mempool.oldestSeconds)),
    gauge("database_bytes", "Size of the database file", Number(databaseBytes)),
    gauge("peers", "Connected nodes of the chain", peers),
    counter("blocks_built_total", "Blocks built here", blocks.built),
    counter("blocks_verified_total", "Blocks verified", blocks.verified),
    counter("blocks_accepted_total", "Blocks accepted", blocks.accepted),
    counter("blocks_rejected_total", "Blocks rejected", blocks.rejected),
    counter("proposals_submitted_total", "Proposals taken from clients", proposals.submitted),
    counter("proposals_received_total", "Proposals that peers sent, known ones and all", proposals.received),
    counter("proposals_gossiped_total", "Proposals taken from peers", proposals.gossiped),
    counter("proposals_refused_total", "Proposals of peers for which there was no room, or no time", proposals.refused),
    counter("proposals_expired_total", "Proposals dropped after proposalExpirySeconds", proposals.expired),
  ];
}

const startSeconds = Math.floor(Date.now() / 1000 - process.uptime());

function counter(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: MetricType.COUNTER, metric: [{ counter: { value } }] };
}

function countersByReason(name: string, help: string, values: Readonly<Record<string, number>>): MetricFamily {
  const metric = Object.entries(values).map(([reason, value]) => ({
    label: [{ name: "reason", value: reason }],
    counter: { value },
  }));
  return { name, help, type: MetricType.COUNTER, metric };
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: MetricType.GAUGE, metric: [{ gauge: { value } }] };
}
