import type { Command } from "commander";
import type { Id } from "../avalanche/id.ts";
import { formatSize } from "../core/format.ts";
import { type CheckedProof, maxProofFileBytes } from "../proof/block-proof.ts";
import { helpAfter } from "./help.ts";
import { askForBlock } from "./node/anchor.ts";
import { addTimeoutOption, type Connection, connect } from "./node/connection.ts";
import { readProof } from "./proof-file.ts";
import { ProofProblem } from "./proof-problem.ts";
import { expectAbout } from "./proof-subject.ts";
import { type Anchor, expectVerdict, formatVerdict, type Verdict, verdictAsJson } from "./proof-verdict.ts";
import { readSubject } from "./read-source.ts";
import {
  addNonceOption,
  addSourceOptions,
  findSource,
  type NamedSource,
  type NonceOptions,
  parseNamedSource,
  type Source,
  type SourceOptions,
} from "./source.ts";
import type { Output } from "./terminal/output.ts";
import { parseIdOption } from "./terminal/parse-option.ts";

interface CheckProofOptions extends SourceOptions, NonceOptions {
  readonly file?: NamedSource;
  readonly to?: Id;
  readonly url?: string;
  readonly json?: boolean;
}

/** Checks a proof, and prints what it proves. Asks no node but the one that the command line names. */
export function addCheckProofCommand(program: Command, output: Output): void {
  const command = program
    .command("check-proof")
    .description("check a proof, and show what it proves; without a node, or by the word of one")
    .argument("<proof>", "the file with the proof; - is standard input", parseNamedSource)
    .option(
      "--to <block>",
      "the id of the block that the proof must lead to, which you know from elsewhere",
      parseIdOption,
    )
    .option("--url <url>", "ask this node whether the block that the proof leads to is in its chain")
    .option("--file <file>", "the data that the proof must be about; - is standard input", parseNamedSource);
  addTimeoutOption(addNonceOption(addSourceOptions(command)))
    .option("--json", "print JSON for programs")
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "Blocks that fit together are not enough: anybody can make such blocks. A proof holds if the block that it " +
            "leads to is known: give its id from a source that you trust as --to, or the URL of a node that you " +
            "trust as --url. Then the data existed before that block was made. Times of blocks are what their " +
            "proposers claim. Without --url, no node is asked.",
          "A proof of a salted stamp has the nonce in it: --nonce is for one that has not.",
          "With --json, a proof that does not hold gives an object, too: its verdict, and the problem.",
          `A proof has at most ${formatSize(maxProofFileBytes)}.`,
        ],
        examples: ["timestampvm check-proof report.proof.json --url http://127.0.0.1:9650"],
        exitCodes: {
          0: "the proof holds",
          1: "it does not hold, or could not be read",
          3: "it is consistent, but not anchored, or the node cannot tell yet",
        },
      }),
    )
    .action((source: NamedSource, options: CheckProofOptions, command: Command) => {
      const about = findSource(options.file, options, command);
      if (source.kind === "input" && about?.kind === "input") {
        command.error("error: the proof and the data cannot both be on standard input");
      }
      if (options.to !== undefined && options.url !== undefined) command.error("error: give one of --to and --url");
      if (options.nonce !== undefined && about === undefined) {
        command.error("error: --nonce needs the data: --file, --text or --digest");
      }
      const node = options.url === undefined ? undefined : connect(command, output);
      return check({ source, about, node, ...options }, output);
    });
}

interface Check extends CheckProofOptions {
  readonly source: NamedSource;
  readonly about: Source | undefined;
  readonly node: Connection | undefined;
}

async function check(options: Check, output: Output): Promise<void> {
  const verdict = await judge(options, output);
  if (options.json) output.json(verdictAsJson(verdict));
  else output.out(formatVerdict(verdict, output.paint));
  expectVerdict(verdict);
}

/** Throws a `ProofProblem` where there is no more to say. That is printed for programs, too. */
async function judge({ source, about, nonce, json, ...options }: Check, output: Output): Promise<Verdict> {
  try {
    const proof = readProof(source, output);
    const subject = about && expectAbout(proof, readSubject(about, output), nonce ?? proof.says.nonce);
    return { proof, subject, anchor: await findAnchor(proof, options) };
  } catch (error) {
    if (json && error instanceof ProofProblem) output.json({ verdict: error.verdict, problem: error.message });
    throw error;
  }
}

async function findAnchor({ to }: CheckedProof, { node, to: known }: Pick<Check, "node" | "to">): Promise<Anchor> {
  if (node !== undefined) return { kind: "url", node: await askForBlock(to, node) };
  if (known === undefined) return { kind: "none" };
  if (known === to.id) return { kind: "to" };
  throw new ProofProblem("does not hold", `the proof leads to block ${to.id}, not to ${known}`);
}
