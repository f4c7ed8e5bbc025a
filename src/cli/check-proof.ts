import type { Command } from "commander";
import type { Id } from "../avalanche/id.ts";
import { type Block, summaryOf } from "../core/block.ts";
import { digestBytes, digestOf, matchOf } from "../core/digest.ts";
import { countOf, formatIsoTime, formatSize } from "../core/format.ts";
import { type CheckedProof, maxProofFileBytes } from "../proof/block-proof.ts";
import { CommandFailed } from "./command-failed.ts";
import { helpAfter } from "./help.ts";
import { readProof } from "./proof-file.ts";
import { readSubject } from "./read-source.ts";
import {
  addSourceOptions,
  findSource,
  type NamedSource,
  parseNamedSource,
  type Source,
  type SourceOptions,
} from "./source.ts";
import type { Output, Paint } from "./terminal/output.ts";
import { parseIdOption } from "./terminal/parse-option.ts";
import { formatRows, type OutputRow } from "./terminal/rows.ts";

interface CheckProofOptions extends SourceOptions {
  readonly file?: NamedSource;
  readonly to?: Id;
  readonly json?: boolean;
}

/** Checks a proof without a node, and prints what it proves. */
export function addCheckProofCommand(program: Command, output: Output): void {
  const command = program
    .command("check-proof")
    .description("check a proof, without a node, and show what it proves")
    .argument("<proof>", "the file with the proof; - is standard input", parseNamedSource)
    .option("--to <block>", "the id of the block that the proof must lead to", parseIdOption)
    .option("--file <file>", "the data that the proof must be about; - is standard input", parseNamedSource);
  addSourceOptions(command)
    .option("--json", "print JSON for programs")
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "A proof that holds says that its block was made before the block that it leads to. It cannot say " +
            "whether that later block belongs to the chain: compare its id with one from a source that you " +
            "trust, or give that one as --to.",
          `A proof has at most ${formatSize(maxProofFileBytes)}.`,
        ],
        examples: ["timestampvm check-proof report.proof.json --file report.pdf"],
        exitCodes: { 0: "the proof holds", 1: "it does not hold, or could not be read" },
      }),
    )
    .action((source: NamedSource, options: CheckProofOptions, command: Command) => {
      const about = findSource(options.file, options, command);
      if (source.kind === "input" && about?.kind === "input") {
        command.error("error: the proof and the data cannot both be on standard input");
      }
      check(source, about, options, output);
    });
}

function check(source: NamedSource, about: Source | undefined, options: CheckProofOptions, output: Output): void {
  const proof = readProof(source, output);
  const { block, to, length } = proof;
  const match = about === undefined ? undefined : expectAbout(block, about, output);
  if (options.to !== undefined && options.to !== to.id) {
    throw new CommandFailed(`the proof leads to block ${to.id}, not to ${options.to}`);
  }
  if (options.json) {
    const digest = `0x${digestOf(block.data)}`;
    return output.json({ holds: true, ...summaryOf(block), digest, to: summaryOf(to), blocks: length, match });
  }
  output.out(describe(proof, match, options.to !== undefined, output.paint));
}

/** Whether the block carries the data or its SHA-256. Throws "command failed" if neither. */
function expectAbout(block: Block, about: Source, output: Output): "data" | "digest" {
  const { digest, description = "that" } = readSubject(about, output);
  const match = matchOf(block.data, digest);
  if (match !== undefined) return match;
  throw new CommandFailed(
    `the proof is not about ${description}: its block carries neither the SHA-256 ${digest} nor data of it`,
  );
}

function describe(
  { block, to, length }: CheckedProof,
  match: "data" | "digest" | undefined,
  isExpectedEnd: boolean,
  paint: Paint,
): string {
  const matches = { data: "the block carries the data itself", digest: "the block carries its SHA-256" } as const;
  const rows = formatRows(
    [
      ["block", `${block.id}  height ${block.height}`],
      ["time", paint("bold", formatIsoTime(block.timestamp))],
      ...dataRows(block, match),
      ["match", match && matches[match]],
      ["up to", `${to.id}  height ${to.height}, ${formatIsoTime(to.timestamp)}, ${countOf(length, "block")}`],
    ],
    paint,
  );
  const rest = isExpectedEnd
    ? "It holds: this block was on the chain when the named one was made.\n"
    : `It holds if block ${to.id} belongs to the chain:\n` +
      "compare this id with one from a source that you trust, or give that one as --to.\n";
  return `${rows}\n${rest}`;
}

function dataRows({ data }: Block, match: "data" | "digest" | undefined): readonly OutputRow[] {
  if (data.length === digestBytes && match !== "data") {
    return [["SHA-256", `${data.toHex()}, the 32 bytes that the block carries`]];
  }
  return [
    ["data", formatSize(data.length)],
    ["SHA-256", digestOf(data)],
  ];
}
