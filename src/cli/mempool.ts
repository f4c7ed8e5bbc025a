import { dirname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Digest, parseDigest } from "../core/digest.ts";
import { countOf, formatIsoTime, formatSize } from "../core/format.ts";
import { askOperated } from "../operator/ask.ts";
import type { AnswerLine, WaitingProposal } from "../operator/messages.ts";
import { CommandFailed, exitCodesHelp } from "./command-failed.ts";
import { databaseArgument, locateDatabase } from "./db/open-database.ts";
import type { Output, Paint } from "./terminal/output.ts";
import { askYesNo } from "./terminal/question.ts";

interface MempoolOptions {
  readonly clearPeers?: boolean;
  readonly clear?: Digest;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Lists what waits for a block at a node that is running, and clears it. */
export function addMempoolCommand(program: Command, output: Output): void {
  program
    .command("mempool")
    .description("list what waits for a block at a running node, or clear it")
    .argument("<database>", databaseArgument)
    .addOption(new Option("--clear-peers", "clear all that other nodes sent").conflicts(["clear", "json"]))
    .addOption(
      new Option("--clear <id>", "clear the one proposal with this receipt id")
        .argParser(parseReceiptId)
        .conflicts("json"),
    )
    .option("-y, --yes", "ask nothing")
    .option("--json", "print one JSON object a line")
    .addHelpText(
      "after",
      "\nAsks the node's process itself, by a socket that only its user can reach: run it as that user.\n" +
        "Prints one line a proposal, the oldest first: since when it waits, its id, the size of its data, and who\n" +
        "sent it: another node, or a client of this node, by its address if it came since the start.\n" +
        "\nWhat is cleared is gone from this node and its file. Other nodes may have it, put it into a block, or\n" +
        "send it again. A block that carries it already may still be accepted. The node has promised a block to\n" +
        "what its own clients proposed: before that promise is broken, --clear asks." +
        `\n${exitCodesHelp("the node was not reached, or refused, or the answer was no")}`,
    )
    .action((path: string, options: MempoolOptions) => {
      const directory = dirname(locateDatabase(path));
      if (options.clearPeers) return clearPeers(directory, output);
      if (options.clear !== undefined) return clear(directory, options.clear, options.yes === true, output);
      return list(directory, options.json === true, output);
    });
}

function parseReceiptId(text: string): Digest {
  const id = parseDigest(text);
  if (id === undefined) throw new InvalidArgumentError("not 64 hex digits.");
  return id;
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
  const from = peer ?? (client === undefined ? "a client" : `client ${client}`);
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
      `A client of this node proposed it at ${formatIsoTime(done.promised.since)}, and was told that it will get a ` +
      "block.\nClear it anyway?";
    if (!askYesNo(question, "--yes", output)) throw new CommandFailed(`${id} was not cleared`);
    await askOperated(directory, { do: "clear", id, evenPromised: true });
  }
  output.out(`cleared ${id}\n`);
}
