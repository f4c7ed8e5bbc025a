import type { Command } from "commander";
import type { ResultOf } from "../../client/contract.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { countOf, groupDigits } from "../terminal/counts.ts";
import { exitCodes } from "../terminal/exit-codes.ts";
import type { Output } from "../terminal/output.ts";
import { createPaint, type Paint } from "../terminal/paint.ts";
import { formatBytes, formatRows, formatTime } from "../terminal/show.ts";
import { addConnectionOptions, type ConnectionOptions, connect } from "./connection.ts";

export function addStatusCommand(program: Command, output: Output): void {
  addConnectionOptions(program.command("status").description("tell what the node is, and how far its chain is"))
    .addHelpText("after", exitCodes("the node was not reached, or refused"))
    .action(async ({ json }: ConnectionOptions, command: Command) => {
      const { url, ask } = connect(command, output);
      const status = await ask("getStatus", {});
      output.out(json ? `${formatExactJson(status)}\n` : formatStatus(url, status, createPaint(output.isColoured)));
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
      ["height", groupDigits(lastAccepted.height)],
      ["time", formatTime(lastAccepted.timestamp)],
      ["preferred", preference.id === lastAccepted.id ? undefined : `${preference.id}, height ${preference.height}`],
      ["processing", countOf(status.processing, "block")],
      ["proposals", `${groupDigits(mempool.count)} waiting, ${formatBytes(mempool.bytes)}${waiting}`],
      ["database", formatBytes(status.databaseBytes)],
      ["peers", groupDigits(status.peers)],
      ["up for", formatDuration(status.uptimeSeconds)],
    ],
    paint,
  );
}

/** The two greatest units: "3 d 4 h". */
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
    .map(([count, unit]) => `${groupDigits(count)} ${unit}`)
    .join(" ");
}
