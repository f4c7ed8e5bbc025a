import type { Command } from "commander";
import { messageOf } from "../../avalanche/coded-error.ts";
import type { Id } from "../../avalanche/id.ts";
import { helpAfter } from "../help.ts";
import { addConnectionOptions, type ConnectionOptions, connect } from "../node/connection.ts";
import { answerEach, type EndWords, type FileAnswer, FileFailed } from "../node/each-file.ts";
import { readProof } from "../proof-file.ts";
import { ProofProblem } from "../proof-problem.ts";
import {
  collectSources,
  findSource,
  type NamedSource,
  parseNamedSource,
  type SourceOptions,
  severalFilesNote,
} from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { parseDigestOption, parseIdOption } from "../terminal/parse-option.ts";
import { AskedNode } from "./asked-node.ts";
import type { Trust } from "./find-anchor.ts";
import { type Judges, judgeProof } from "./judge-proof.ts";
import { expectFolder, type FindOriginal, givenOriginal, originalBeside, originalIn } from "./originals.ts";
import { expectHolds, formatVerdict, kindOf, verdictAsJson, verdictLine } from "./verdict.ts";

interface VerifyOptions extends ConnectionOptions, Pick<SourceOptions, "digest"> {
  readonly file?: NamedSource;
  readonly in?: NamedSource;
  readonly recursive?: boolean;
  readonly to?: Id;
  readonly proof?: NamedSource;
  readonly offline?: boolean;
}

/** Checks proofs, and says what they prove, and by whose word. Asks no address that it finds in a file. */
export function addVerifyCommand(program: Command, output: Output): void {
  const command = program
    .command("verify")
    .description("check proofs of files, and say what they prove and by whose word")
    .argument("<proofs...>", "the .ots files, or proofs in JSON; - is standard input", collectSources)
    .option("--file <file>", "the file that was stamped, if it is not beside its proof", parseNamedSource)
    .option("--digest <digest>", "the SHA-256 of that file, if you do not have it", parseDigestOption)
    .option(
      "--in <folder>",
      "find the stamped files in this folder by their SHA-256, whatever their names",
      parseNamedSource,
    )
    .option("-r, --recursive", "with --in: also in the folders of that folder")
    .option(
      "--to <block>",
      "the id of the stamp's block, or of a later one, which you know from elsewhere",
      parseIdOption,
    )
    .option(
      "--proof <file>",
      "with --to: the blocks up to that one, as `timestampvm proof` writes them",
      parseNamedSource,
    )
    .option("--offline", "ask no node");
  addConnectionOptions(command)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "The file that was stamped is the one beside FILE.ots with the name FILE. Without it, no file was checked: " +
            "then all that is known is about a SHA-256.",
          "A proof holds if its block is one of the chain. Who says that? A node: then it is that node's word. Or " +
            "you, if you have the id of the block, or of a later one, from a source that you trust, such as a " +
            "newspaper: give it as --to. Then no node need be believed, and none is asked but one that you name, for " +
            "the blocks in between.",
          "The time of a block is what its proposer claims. A node also says when it first saw the block.",
          "No address that is in a proof is ever asked. If a proof names no block, the node is asked for one.",
          severalFilesNote,
        ],
        examples: ["timestampvm verify report.pdf.ots", "timestampvm verify --in . report.pdf.ots"],
        exitCodes: {
          0: "all hold, for the files that were stamped",
          1: "one does not hold, or could not be read",
          3: "one cannot be told yet: no file was checked, no node or --to was there",
        },
      }),
    )
    .action((files: readonly NamedSource[], options: VerifyOptions, command: Command) => {
      expectFit(files, options, command);
      const judges = { findOriginal: findOriginalBy(options, command), trust: trustOf(options, command, output) };
      const [file] = files;
      if (file !== undefined && files.length === 1 && !options.json) return verifyOne(file, judges, output);
      const work = (file: NamedSource, quiet: Output) => verifyFile(file, judges, quiet);
      return answerEach(files, work, { json: options.json, words: endWords(judges.trust) }, output);
    });
}

/** Refuses options that do not go together. */
function expectFit(files: readonly NamedSource[], options: VerifyOptions, command: Command): void {
  const { file, digest, proof, to, offline, recursive, url } = options;
  const isOne = file ?? digest;
  if (isOne !== undefined && files.length > 1) command.error("error: --file and --digest are about one proof");
  if (isOne !== undefined && options.in !== undefined) command.error("error: give one of --file, --digest and --in");
  if (recursive && options.in === undefined) command.error("error: --recursive needs --in");
  if (proof !== undefined && to === undefined) command.error("error: --proof needs --to");
  if (offline && url !== undefined) command.error("error: give one of --offline and --url");
  if ([...files, file, proof].filter((source) => source?.kind === "input").length > 1) {
    command.error("error: standard input can be read only once");
  }
}

function findOriginalBy({ file, digest, recursive, ...options }: VerifyOptions, command: Command): FindOriginal {
  if (options.in !== undefined) return originalIn(expectFolder(options.in), recursive === true);
  const given = findSource(file, { ...(digest && { digest }) }, command);
  return given === undefined ? originalBeside : givenOriginal(given);
}

/** Asks nobody yet. Who names a block and no node wants none to be asked. */
function trustOf({ to, proof, offline }: VerifyOptions, command: Command, output: Output): Trust {
  const connection = offline ? undefined : connect(command, output);
  const path = proof && readProof(proof, output);
  const isAsked = connection !== undefined && (to === undefined || connection.isNamed);
  return { to, path, node: isAsked ? new AskedNode(connection, output) : undefined };
}

function endWords({ to, node }: Trust): EndWords {
  const byUser = "hold: they lead to the block that you named";
  return {
    done: () => (to === undefined && node ? `hold, by the word of ${node.describe()}` : byUser),
    waiting: "cannot be told yet",
  };
}

async function verifyOne(file: NamedSource, judges: Judges, output: Output): Promise<void> {
  const judged = await judgeProof(file, judges, output);
  output.out(formatVerdict(judged, output.paint));
  expectHolds(judged);
}

async function verifyFile(file: NamedSource, judges: Judges, output: Output): Promise<FileAnswer> {
  try {
    const judged = await judgeProof(file, judges, output);
    const isWaiting = kindOf(judged) !== "holds";
    return { line: verdictLine(judged), values: [verdictAsJson(judged)], isWaiting };
  } catch (error) {
    if (!(error instanceof ProofProblem)) throw new FileFailed(error, { verdict: "unreadable" });
    const { verdict } = error;
    if (verdict === "does not hold") throw new FileFailed(error, { verdict });
    const [problem = ""] = messageOf(error).split("\n");
    return { line: `${verdict}  ${problem}`, values: [{ verdict, error: problem }], isWaiting: true };
  }
}
