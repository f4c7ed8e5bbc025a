import type { Command } from "commander";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { messagesOf } from "../../proof/ots/walk.ts";
import { helpAfter } from "../help.ts";
import { answerEach } from "../node/each-file.ts";
import { collectSources, type NamedSource, severalFilesNote } from "../source.ts";
import type { Output, Paint } from "../terminal/output.ts";
import { formatRows, type OutputRow } from "../terminal/rows.ts";
import { readOtsFile } from "./ots-files.ts";
import {
  describeBlock,
  describeStatement,
  isProof,
  nameByKind,
  type Statement,
  statementAsJson,
  statementsOf,
} from "./statements.ts";
import { treeLines } from "./tree-lines.ts";

interface InfoOptions {
  readonly json?: boolean;
}

/** Prints what proofs say. Checks nothing, and asks nobody. */
export function addInfoCommand(program: Command, output: Output): void {
  program
    .command("info")
    .description("show what is in proofs of files; nothing is checked")
    .argument("<proofs...>", "the .ots files; - is standard input", collectSources)
    .option("--json", "print JSON for programs")
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "Shows first what the file says: the blocks, their ids and the times that they claim. Then come the steps " +
            "that lead from the SHA-256 of the file to them, as other programs for OpenTimestamps show them. Anybody " +
            "can write such a file: `timestampvm verify` checks it. Asks nobody.",
          severalFilesNote,
        ],
        examples: ["timestampvm info report.pdf.ots", "timestampvm info --json report.pdf.ots"],
        exitCodes: { 1: "a file is no proof, or could not be read" },
      }),
    )
    .action((files: readonly NamedSource[], { json }: InfoOptions, command: Command) => {
      if (files.filter(({ kind }) => kind === "input").length > 1) {
        command.error("error: standard input can be read only once");
      }
      const [file] = files;
      if (file !== undefined && files.length === 1 && !json) return printInfo(readOtsFile(file, output), output);
      const work = async (file: NamedSource, quiet: Output) => {
        const ots = readOtsFile(file, quiet);
        return { line: lineOf(ots), values: json ? [infoAsJson(ots)] : [] };
      };
      return answerEach(files, work, { json, atOnce: 1 }, output);
    });
}

function printInfo(ots: OtsFile, { out, paint }: Output): void {
  const statements = distinctStatements(ots);
  out(`${formatRows(rowsOf(ots, statements, paint), paint)}\n${adviceFor(statements)}\n\n`);
  for (const line of treeLines(ots)) out(`${line}\n`);
}

/** Statements that are shown before the steps. A file of ours has one or two. */
const maxShown = 20;

/** What a proof says, each once, the best first. */
function distinctStatements(ots: OtsFile): readonly Statement[] {
  const keyOf = (statement: Statement) =>
    [statement.kind, describeStatement(statement), describeBlock(statement)].join();
  const statements = messagesOf(ots).flatMap(statementsOf);
  const distinct = new Map(statements.map((statement) => [keyOf(statement), statement]));
  return [...distinct.values()].toSorted((a, b) => rankOf(a) - rankOf(b));
}

const kinds = Object.keys(nameByKind);

function rankOf({ kind }: Statement): number {
  return kinds.indexOf(kind);
}

function rowsOf({ hash, digest }: OtsFile, statements: readonly Statement[], paint: Paint): readonly OutputRow[] {
  const rows = statements.slice(0, maxShown).flatMap((statement): readonly OutputRow[] => {
    const said: OutputRow = [nameByKind[statement.kind], describeStatement(statement)];
    const block = describeBlock(statement);
    return [said, ["", block && paint("dim", block)]];
  });
  const hidden = statements.length - maxShown;
  return [[hashNames[hash], digest.toHex()], ...rows, ["", hidden > 0 ? `and ${hidden} more` : undefined]];
}

const hashNames = {
  sha256: "SHA-256 of the file",
  sha1: "SHA-1 of the file",
  ripemd160: "RIPEMD-160 of the file",
  keccak256: "Keccak-256 of the file",
} as const;

/** What to do with the file. */
function adviceFor(statements: readonly Statement[]): string {
  if (!statements.some(isProof)) {
    return "It names no block that could prove anything. `timestampvm upgrade` asks a node for one.";
  }
  const promised = statements.some(({ kind }) => kind === "calendar");
  const prune = promised ? "\nIts calendars are not needed any more: `timestampvm prune` removes them." : "";
  return `This is what the file says. Nothing was checked: \`timestampvm verify\` does that.${prune}`;
}

/** One of several files: the best that it says. */
function lineOf(ots: OtsFile): string {
  const [best, ...others] = distinctStatements(ots);
  if (best === undefined) throw new Error("a proof that says nothing");
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return `${nameByKind[best.kind]} ${describeStatement(best)}${more}`;
}

/** For programs: the integers are bigints. `step` counts the steps before what is said of the result; 0 for none. */
function infoAsJson(ots: OtsFile): object {
  const messages = messagesOf(ots).toArray();
  return {
    hash: ots.hash,
    digest: `0x${ots.digest.toHex()}`,
    says: messages.flatMap((message, step) =>
      statementsOf(message).map((statement) => ({ ...statementAsJson(statement), step })),
    ),
    steps: messages.flatMap(({ op, depth }) => {
      if (op === undefined) return [];
      return [{ depth, op: op.kind, ...("bytes" in op && { bytes: `0x${op.bytes.toHex()}` }) }];
    }),
  };
}
