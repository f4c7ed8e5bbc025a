import type { Command } from "commander";
import type { ResultOf } from "../../client/contract.ts";
import { countOf, formatIsoTime, formatNumber, formatSize } from "../../core/format.ts";
import { helpAfter } from "../help.ts";
import type { Output, Paint } from "../terminal/output.ts";
import { formatRows } from "../terminal/rows.ts";
import { addConnectionOptions, type ConnectionOptions, connect } from "./connection.ts";
import { orFailureAsJson } from "./failure-as-json.ts";

/** Prints the state of a node and its chain. */
export function addStatusCommand(program: Command, output: Output): void {
  addConnectionOptions(program.command("status").description("show what a node is, and how far its chain is"))
    .addHelpText(
      "after",
      helpAfter({
        examples: ["timestampvm status", "timestampvm status --url http://127.0.0.1:9650/ext/bc/timestampvm"],
        exitCodes: { 1: "the node was not reached, or refused" },
      }),
    )
    .action(async ({ json }: ConnectionOptions, command: Command) => {
      const { url, ask } = connect(command, output);
      await orFailureAsJson(json, output, async () => {
        const status = await ask("getStatus", {});
        if (json) output.json(status);
        else output.out(formatStatus(url(), status, output.paint));
      });
    });
}

function formatStatus(url: string, status: ResultOf<"getStatus">, paint: Paint): string {
  const { notice, networkId, chainId, nodeId, state, lastAccepted, preference, mempool } = status;
  const waiting = mempool.count === 0n ? "" : `, the oldest for ${formatDuration(mempool.oldestSeconds)}`;
  return formatRows(
    [
      ["url", url],
      ["what", notice],
      ["version", `${status.version}, RPCChainVM ${status.protocol}`],
      ["network", networkId?.toString()],
      ["chain", chainId],
      ["node", nodeId],
      ["state", state],
      ["last accepted", lastAccepted.id],
      ["height", formatNumber(lastAccepted.height)],
      ["time", `${formatIsoTime(lastAccepted.timestamp)}, as claimed`],
      ["preferred", preference.id === lastAccepted.id ? undefined : `${preference.id}, height ${preference.height}`],
      ["processing", countOf(status.processing, "block")],
      ["proposals", `${formatNumber(mempool.count)} waiting, ${formatSize(mempool.bytes)}${waiting}`],
      ["database", formatSize(status.databaseBytes)],
      ["peers", formatNumber(status.peers)],
      ["up for", formatDuration(status.uptimeSeconds)],
    ],
    paint,
  );
}

/** In the two largest units: "3 d 4 h". */
function formatDuration(seconds: bigint): string {
  const parts = [
    [seconds / 86_400n, "d"],
    [(seconds / 3_600n) % 24n, "h"],
    [(seconds / 60n) % 60n, "min"],
    [seconds % 60n, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0n);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0n)
    .map(([count, unit]) => `${formatNumber(count)} ${unit}`)
    .join(" ");
}
