import type { Command } from "commander";
import type { Id } from "../../avalanche/id.ts";
import { refusalOf } from "../../client/errors.ts";
import { FetchProofError, fetchProof, type Proof, type ProofSubject } from "../../client/fetch-proof.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import { countOf, formatIsoTime } from "../../core/format.ts";
import { escapeLine } from "../../core/printable.ts";
import { checkProof, maxProofFileBytes } from "../../proof/block-proof.ts";
import { expectNoFile, writeNewFile } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import { namingFile } from "../naming-file.ts";
import { provesNothingYet } from "../proof-words.ts";
import { readSubject } from "../read-source.ts";
import {
  addNonceOption,
  addSources,
  emptyDataNote,
  expectOneNonce,
  expectSource,
  findSource,
  type NamedSource,
  type NonceOptions,
  type SourceOptions,
  severalFilesNote,
} from "../source.ts";
import type { Output, Paint } from "../terminal/output.ts";
import { parseIdOption } from "../terminal/parse-option.ts";
import { formatRows } from "../terminal/rows.ts";
import { writeAll } from "../terminal/write-all.ts";
import { type Ask, addConnectionOptions, type ConnectionOptions, connect, orMissing } from "./connection.ts";
import { answerEach, type FileAnswer, type FileWork, nameOf } from "./each-file.ts";
import { notFound } from "./found-blocks.ts";
import { proofPathOf } from "./proof-files.ts";

interface ProofOptions extends ConnectionOptions, SourceOptions, NonceOptions {
  readonly id?: Id;
  readonly to?: End;
  readonly output: string;
}

/** The block that a proof leads to; undefined for the one after the proven block. */
type End = Id | "latest" | undefined;

/** Writes a proof that a block existed before a later one was made. */
export function addProofCommand(program: Command, output: Output): void {
  const command = program.command("proof").description("write the blocks from a stamp to a later block, for auditors");
  addNonceOption(addSources(command))
    .option("--id <block>", "prove this block instead of the first one with the data", parseIdOption)
    .option(
      "--to <block>",
      "the later block that the proof leads to: an id, or latest (default: the next one)",
      parseEnd,
    )
    .option("-o, --output <file>", "the file to write, which must not exist; - is standard output", "-");
  addConnectionOptions(command)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "The proof has the bytes of every block from the proven one to the later one, so it is small where these " +
            "are near. People who check it, with `timestampvm check-proof`, must know from elsewhere that the later " +
            "block belongs to the chain: name one with --to whose id has a date that others trust. While there is " +
            "no later block, the proof leads to itself, and proves nothing yet.",
          "Of several files, each proof goes into FILE.proof.json beside its file, or in the directory that --output " +
            `names. ${severalFilesNote}`,
          emptyDataNote,
        ],
        examples: ["timestampvm proof report.pdf --output report.proof.json"],
        exitCodes: { 1: "it was never stamped, or the node was not reached" },
      }),
    )
    .action(async (files: readonly NamedSource[], options: ProofOptions, command: Command) => {
      expectOneNonce(files, options, command);
      const pathOf = proofPathOf(files, options.output, command);
      const wanted = parseWanted(files[0], options, command, output);
      if (pathOf !== undefined) {
        const { ask } = connect(command, output);
        const work: FileWork = (file, quiet) => proveFile(file, pathOf(file), ask, options, quiet);
        return answerEach(files, work, { json: options.json, atOnce: 1 }, output); // each may have maxProofFileBytes
      }
      if (options.output !== "-") namingFile(options.output, () => expectNoFile(options.output));
      const { ask } = connect(command, output);
      write(await prove(ask, wanted(), options.to, output), options, output);
    });
}

function parseEnd(text: string): End {
  return text === "latest" ? text : parseIdOption(text);
}

/** Gives a function that reads the data, since the rest of the command line is checked first. */
function parseWanted(
  file: NamedSource | undefined,
  options: ProofOptions,
  command: Command,
  output: Output,
): () => ProofSubject {
  const { id, nonce } = options;
  if (id === undefined) {
    const source = expectSource(file, options, command, output);
    return () => ({ digest: readSubject(source, output).digest, nonce });
  }
  if (findSource(file, options, command) !== undefined) command.error("error: give --id or data, not both");
  if (nonce !== undefined) command.error("error: --nonce needs the data, or its SHA-256, and not --id");
  return () => ({ id });
}

async function proveFile(
  file: NamedSource,
  path: string,
  ask: Ask,
  { to, nonce, json }: ProofOptions,
  output: Output,
): Promise<FileAnswer> {
  namingFile(path, () => expectNoFile(path));
  const proof = await prove(ask, { digest: readSubject(file, output).digest, nonce }, to, output);
  writeProof(path, proof);
  const { blocks, height, timestamp } = proof;
  const isAlone = blocks.length === 1;
  const parts = [
    `${escapeLine(path)}, ${countOf(blocks.length, "block")}`,
    `claimed ${formatIsoTime(timestamp)}`,
    `height ${height}`,
    ...(isAlone ? [provesNothingYet] : []),
  ];
  if (isAlone && json) output.err(`note: ${escapeLine(nameOf(file))}: ${provesNothingYet}\n`);
  return { line: parts.join("  "), values: [{ proof: path, ...summaryOf(proof) }] };
}

async function prove(ask: Ask, wanted: ProofSubject, to: End, output: Output): Promise<Proof> {
  const end = await findEnd(ask, to);
  const progress = output.progress();
  let isBegun = false;
  const onPart = ({ height }: Proof, blocks: number) => {
    isBegun = true;
    progress.show(blocks, end && Number(end.height - height) + 1);
  };
  try {
    return await fetchProof(ask, wanted, end?.id, { check: checkProof, maxBytes: maxProofFileBytes, onPart });
  } catch (error) {
    throw explain(error, to, isBegun ? undefined : wanted);
  } finally {
    progress.clear();
  }
}

/** `wanted` is undefined once a part of its proof was found. */
function explain(error: unknown, to: End, wanted: ProofSubject | undefined): unknown {
  if (error instanceof FetchProofError && error.refusal.code === "proof too large")
    return new CommandFailed(`${error.message}: name an earlier one with --to`);
  if (wanted === undefined) return error;
  const refusal = refusalOf(error);
  if (refusal?.code === "unknown block") return unknown(wanted);
  if (refusal?.code === "invalid params" && refusal.parameter === "to")
    return new CommandFailed(`--to: block ${to} is before the one to be proven: name a later block, or latest`);
  return error;
}

function unknown(wanted: ProofSubject): CommandFailed {
  return "id" in wanted ? new CommandFailed(`not found: no accepted block is ${wanted.id}`) : notFound(wanted);
}

async function findEnd(ask: Ask, to: End): Promise<{ readonly id: string; readonly height: bigint } | undefined> {
  if (to === undefined) return undefined;
  if (to === "latest") return (await ask("getStatus", {})).lastAccepted;
  const answer = await orMissing(ask("getBlock", { id: to }));
  if (answer === undefined) throw new CommandFailed(`--to: no block ${to} is accepted`);
  return { id: to, height: answer.block.height };
}

function write(proof: Proof, { output: file, json: asJson }: ProofOptions, output: Output): void {
  const { out, err, json, paint } = output;
  if (file === "-") out(textOf(proof));
  else {
    writeProof(file, proof);
    if (!asJson) return out(formatProof(proof, file, paint));
    json(summaryOf(proof));
  }
  if (proof.blocks.length === 1) err(`note: ${provesNothingYet}\n`);
}

function formatProof({ blocks, id, height, timestamp, digest, sha256, to }: Proof, file: string, paint: Paint): string {
  const rows = formatRows(
    [
      ["proof", `${escapeLine(file)}, ${countOf(blocks.length, "block")}`],
      ["of block", `${id}  height ${height}`],
      ["claimed time", formatIsoTime(timestamp)],
      ["SHA-256 of the file", sha256?.slice(2)],
      ["SHA-256 of the block's data", digest.slice(2)],
      ["up to", `${to.id}  height ${to.height}`],
    ],
    paint,
  );
  return blocks.length === 1 ? `${rows}\n${provesNothingYet}\n` : rows;
}

/** For programs: what the file has, and the number of its blocks instead of them. */
function summaryOf({ blocks, ...summary }: Proof): object {
  return { ...summary, blocks: blocks.length };
}

function writeProof(file: string, proof: Proof): void {
  namingFile(file, () => writeNewFile(file, (fileDescriptor) => writeAll(fileDescriptor, textOf(proof))));
}

function textOf(proof: Proof): string {
  return `${formatExactJson(proof)}\n`;
}
