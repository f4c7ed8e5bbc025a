import { dirname } from "node:path";
import { type Command, Option } from "commander";
import type { Digest } from "../core/digest.ts";
import { countOf, formatIsoTime, formatSize } from "../core/format.ts";
import { escapeLine } from "../core/printable.ts";
import { askOperated } from "../operator/ask.ts";
import type { AnswerLine, WaitingProposal } from "../operator/messages.ts";
import { CommandFailed } from "./command-failed.ts";
import { databaseArgument, findDatabase } from "./db/open-database.ts";
import { helpAfter } from "./help.ts";
import type { Output, Paint } from "./terminal/output.ts";
import { parseDigestOption } from "./terminal/parse-option.ts";
import { askYesNo } from "./terminal/question.ts";

interface MempoolOptions {
  readonly clearPeers?: boolean;
  readonly clear?: Digest;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Lists the proposals that wait for a block at a running node, and clears them. */
export function addMempoolCommand(program: Command, output: Output): void {
  program
    .command("mempool")
    .description("list the proposals that wait for a block at a running node, or clear them")
    .argument("<database>", databaseArgument)
    .addOption(new Option("--clear-peers", "clear all proposals that other nodes sent").conflicts(["clear", "json"]))
    .addOption(
      new Option("--clear <id>", "clear the proposal with this receipt id")
        .argParser(parseDigestOption)
        .conflicts("json"),
    )
    .option("-y, --yes", "answer yes to every question")
    .option("--json", "print one JSON object per line")
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "Asks the process of the node, by a socket that only its user can reach: run the command as that " +
            "user. Prints one line for each proposal, the oldest first: since when it waits, its id, the size " +
            "of its data, and who sent it: another node, or a client of this node, by its address if it came " +
            "since the start.",
          "A cleared proposal is gone from this node and its file. Other nodes may have it, put it into a " +
            "block, or send it again. A block that carries it already may still be accepted. The node has " +
            "promised a block to the proposals of its own clients: --clear asks before it breaks that promise.",
        ],
        examples: ["timestampvm mempool chain", "timestampvm mempool chain --clear-peers"],
        exitCodes: { 1: "the node was not reached, or refused, or the answer was no" },
      }),
    )
    .action((path: string, options: MempoolOptions) => {
      const directory = dirname(findDatabase(path));
      if (options.clearPeers) return clearPeers(directory, output);
      if (options.clear !== undefined) return clear(directory, options.clear, options.yes === true, output);
      return list(directory, options.json === true, output);
    });
}

async function list(directory: string, isJson: boolean, { out, json, paint }: Output): Promise<void> {
  const print = (line: AnswerLine) => {
    if ("proposal" in line) isJson ? json(line.proposal) : out(formatProposal(line.proposal, paint));
    if ("mempool" in line && !isJson) out(formatTotal(line.mempool));
  };
  await askOperated(directory, { do: "list" }, print);
}

function formatTotal({ items, bytes }: { readonly items: bigint; readonly bytes: bigint }): string {
  return `${countOf(items, "proposal")}, ${formatSize(bytes)}\n`;
}

function formatProposal({ id, bytes, since, peer, client }: WaitingProposal, paint: Paint): string {
  const from = peer ?? (client === undefined ? "a client" : `client ${escapeLine(client)}`);
  return `${paint("dim", formatIsoTime(since))}  ${id}  ${formatSize(bytes)}  ${from}\n`;
}

async function clearPeers(directory: string, { out }: Output): Promise<void> {
  const done = await askOperated(directory, { do: "clear peers" });
  if ("cleared" in done) out(`cleared ${countOf(done.cleared, "proposal")} of other nodes\n`);
}

async function clear(directory: string, id: Digest, isYes: boolean, output: Output): Promise<void> {
  const done = await askOperated(directory, { do: "clear", id, evenPromised: isYes });
  if ("promised" in done) {
    const question =
      `A client of this node proposed it at ${formatIsoTime(done.promised.since)}, and this node has promised it a ` +
      "block.\nClear it anyway?";
    if (!askYesNo(question, "--yes", output)) throw new CommandFailed(`${id} was not cleared`);
    await askOperated(directory, { do: "clear", id, evenPromised: true });
  }
  output.out(`cleared ${id}\n`);
}
