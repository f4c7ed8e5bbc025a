import type { Command } from "commander";
import type { Id } from "../../avalanche/id.ts";
import type { Proven } from "../../client/contract.ts";
import { refusalOf } from "../../client/errors.ts";
import { FetchProofError, fetchProof, type Proof } from "../../client/fetch-proof.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { countOf, formatIsoTime } from "../../core/format.ts";
import { escapeLine } from "../../core/printable.ts";
import { checkProof, maxProofFileBytes } from "../../proof/block-proof.ts";
import { expectNoFile, writeNewFile } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import { namingFile } from "../naming-file.ts";
import { readSubject } from "../read-source.ts";
import { addSource, emptyDataNote, expectSource, findSource, type NamedSource, type SourceOptions } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { parseIdOption } from "../terminal/parse-option.ts";
import { formatRows } from "../terminal/rows.ts";
import { writeAll } from "../terminal/write-all.ts";
import { type Ask, addConnectionOptions, type ConnectionOptions, connect, orMissing } from "./connection.ts";

interface ProofOptions extends ConnectionOptions, SourceOptions {
  readonly id?: Id;
  readonly to?: Id;
  readonly output: string;
}

/** Writes a proof that a block existed before a later one. */
export function addProofCommand(program: Command, output: Output): void {
  const command = program
    .command("proof")
    .description("write a proof of when data was first stamped, which anyone can check without a node");
  addSource(command)
    .option("--id <block>", "prove this block instead of the first one with the data", parseIdOption)
    .option("--to <block>", "the later block that the proof leads to (default: the last accepted one)", parseIdOption)
    .option("-o, --output <file>", "the file to write, which must not exist; - is standard output", "-");
  addConnectionOptions(command)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "The proof has the bytes of every block from the proven one to the later one. People who check it, " +
            "with `timestampvm check-proof`, must know from elsewhere that the later block belongs to the " +
            "chain.",
          emptyDataNote,
        ],
        examples: ["timestampvm proof report.pdf --output report.proof.json"],
        exitCodes: { 1: "it was never stamped, or the node was not reached" },
      }),
    )
    .action(async (file: NamedSource | undefined, options: ProofOptions, command: Command) => {
      const subject = parseSubject(file, options, command, output);
      if (options.output !== "-") namingFile(options.output, () => expectNoFile(options.output));
      const { ask } = connect(command, output);
      write(await prove(ask, subject(), options.to, output), options, output);
    });
}

/** Gives a function that reads the data, since the rest of the command line is checked first. */
function parseSubject(
  file: NamedSource | undefined,
  options: ProofOptions,
  command: Command,
  output: Output,
): () => Proven {
  const { id } = options;
  if (id === undefined) {
    const source = expectSource(file, options, command, output);
    return () => ({ digest: readSubject(source, output).digest });
  }
  if (findSource(file, options, command) !== undefined) command.error("error: give --id or data, not both");
  return () => ({ id });
}

async function prove(ask: Ask, proven: Proven, to: Id | undefined, output: Output): Promise<Proof> {
  const target = await findTarget(ask, to);
  const progress = output.progress();
  let isBegun = false;
  const onPart = ({ height }: Proof, blocks: number) => {
    isBegun = true;
    progress.show(blocks, Number(target.height - height) + 1);
  };
  try {
    return await fetchProof(ask, proven, target.id, { check: checkProof, maxBytes: maxProofFileBytes, onPart });
  } catch (error) {
    throw explain(error, isBegun ? undefined : proven);
  } finally {
    progress.clear();
  }
}

/** `proven` is undefined once a part of its proof was found. */
function explain(error: unknown, proven: Proven | undefined): unknown {
  if (proven !== undefined && refusalOf(error)?.code === "unknown block") {
    const what = "id" in proven ? `is ${proven.id}` : `carries ${proven.digest}, or data of this SHA-256`;
    return new CommandFailed(`not found: no accepted block ${what}`);
  }
  const isTooLarge = error instanceof FetchProofError && error.refusal.code === "proof too large";
  return isTooLarge ? new CommandFailed(`${error.message}: name an earlier one with --to`) : error;
}

async function findTarget(ask: Ask, to: Id | undefined): Promise<{ readonly id: string; readonly height: bigint }> {
  if (to === undefined) return (await ask("getStatus", {})).lastAccepted;
  const answer = await orMissing(ask("getBlock", { id: to }));
  if (answer === undefined) throw new CommandFailed(`--to: no block ${to} is accepted`);
  return { id: to, height: answer.block.height };
}

function write(proof: Proof, { output: file, json: asJson }: ProofOptions, { out, json, paint }: Output): void {
  const text = `${formatExactJson(proof)}\n`;
  if (file === "-") return out(text);
  namingFile(file, () => writeNewFile(file, (fileDescriptor) => writeAll(fileDescriptor, text)));
  const { blocks, ...summary } = proof;
  const { id, height, timestamp, to } = summary;
  if (asJson) return json(summary);
  out(
    formatRows(
      [
        ["proof", `${escapeLine(file)}, ${countOf(blocks.length, "block")}`],
        ["of block", `${id}  height ${height}`],
        ["time", formatIsoTime(timestamp)],
        ["up to", `${to.id}  height ${to.height}`],
      ],
      paint,
    ),
  );
}
