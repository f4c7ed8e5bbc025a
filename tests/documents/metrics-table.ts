import { MetricType } from "../../gen/io/prometheus/client/metrics_pb.ts";
import { Log } from "../../src/log.ts";
import { chainMetrics } from "../../src/plugin/metrics.ts";
import { gatherMetrics } from "../../src/rpcchainvm/services/metrics.ts";
import { startVm } from "../support/chain.ts";
import { formatTable } from "./generated.ts";

/** Every metric of the chain. */
export function formatMetrics(): string {
  const { vm } = startVm();
  const http = { requests: 0, refused: { requests: 0, bytes: 0, caller: 0, answers: 0 } };
  const families = gatherMetrics({ metrics: () => chainMetrics(vm.status(), 0) }, http, new Log(() => {}));
  vm.close();
  const rows = families.map(({ name, help = "", type }) => [
    `\`${name}\``,
    type === MetricType.COUNTER ? "counter" : "gauge",
    help,
  ]);
  return formatTable(["name", "type", "what it is"], rows);
}
