import type { Command } from "commander";
import type { Id } from "../avalanche/id.ts";
import { type Block, summaryOf } from "../core/block.ts";
import { digestOf, matchOf } from "../core/digest.ts";
import { formatExactJson } from "../core/exact-json.ts";
import { type CheckedProof, maxProofFileBytes } from "../proof/block-proof.ts";
import { CommandFailed } from "./command-failed.ts";
import { readProof } from "./proof-file.ts";
import { addSubjectOptions, findSource, readSubject, type Source, type SubjectOptions } from "./subject.ts";
import { countOf, groupDigits } from "./terminal/counts.ts";
import type { Output } from "./terminal/output.ts";
import { createPaint, type Paint } from "./terminal/paint.ts";
import { parseIdOption } from "./terminal/parse-id.ts";
import { formatBytes, formatRows, formatTime } from "./terminal/show.ts";

interface CheckProofOptions extends SubjectOptions {
  readonly file?: string;
  readonly to?: Id;
  readonly json?: boolean;
}

export function addCheckProofCommand(program: Command, output: Output): void {
  const command = program
    .command("check-proof")
    .description("check a proof, without a node, and tell what it proves")
    .argument("<proof>", "the file; - is standard input")
    .option("--to <block>", "the block that it must lead to, known from elsewhere", parseIdOption)
    .option("--file <file>", "the data that it must be about; - is standard input");
  addSubjectOptions(command)
    .option("--json", "print JSON for programs")
    .addHelpText(
      "after",
      "\nA proof that holds says that its block was made before the one that it leads to. That this one belongs to the\n" +
        "chain it cannot say: compare its id with what a source says that you trust, or give that as --to.\n" +
        `A file has at most ${groupDigits(maxProofFileBytes)} bytes.\n` +
        "\nExit codes: 0 it holds; 1 it does not, or was not read; 2 wrong use.",
    )
    .action((proof: string, options: CheckProofOptions, command: Command) => {
      const about = findSource(options.file, options, command);
      const source: ProofSource = proof === "-" ? { kind: "input" } : { kind: "file", path: proof };
      if (source.kind === "input" && about?.kind === "input") {
        command.error("error: the proof and the data cannot both be on standard input");
      }
      check(source, about, options, output);
    });
}

type ProofSource = Extract<Source, { kind: "file" | "input" }>;

function check(source: ProofSource, about: Source | undefined, options: CheckProofOptions, output: Output): void {
  const proof = readProof(source, output);
  const { block, to, length } = proof;
  const match = about === undefined ? undefined : expectAbout(block, about, output);
  if (options.to !== undefined && options.to !== to.id) {
    throw new CommandFailed(`the proof leads to block ${to.id}, not to ${options.to}`);
  }
  if (options.json) {
    const summary = {
      ...summaryOf(block),
      digest: `0x${digestOf(block.data)}`,
      to: summaryOf(to),
      blocks: length,
      match,
    };
    return output.out(`${formatExactJson({ holds: true, ...summary })}\n`);
  }
  output.out(describe(proof, match, options.to !== undefined, createPaint(output.isColoured)));
}

/** How the data is in the block. */
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
      ["time", paint("bold", formatTime(block.timestamp))],
      ...dataRows(block, match),
      ["match", match && matches[match]],
      ["up to", `${to.id}  height ${to.height}, ${formatTime(to.timestamp)}, ${countOf(length, "block")}`],
    ],
    paint,
  );
  const rest = isExpectedEnd
    ? "It holds: this block was on the chain when the named one was made.\n"
    : `It holds, if block ${to.id} is one of the chain:\ncompare this id with what a source says that you trust, or give that as --to.\n`;
  return `${rows}\n${rest}`;
}

function dataRows({ data }: Block, match: "data" | "digest" | undefined): readonly (readonly [string, string])[] {
  if (data.length === digestBytes && match !== "data") {
    return [["SHA-256", `${data.toHex()}, the 32 bytes that the block carries`]];
  }
  return [
    ["data", formatBytes(data.length)],
    ["SHA-256", digestOf(data)],
  ];
}

/** Data of so many bytes is a SHA-256, most likely. */
const digestBytes = 32;
