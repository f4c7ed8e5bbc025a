import { statSync } from "node:fs";
import type { Command } from "commander";
import { countOf, formatNumber, formatSize } from "../../core/format.ts";
import { type CheckSummary, checkDatabase } from "../../store/check/check.ts";
import { CommandFailed } from "../command-failed.ts";
import { helpAfter } from "../help.ts";
import type { Output, Paint } from "../terminal/output.ts";
import { formatRows, type OutputRow } from "../terminal/rows.ts";
import { databaseArgument, findDatabase, lockNote } from "./open-database.ts";

/** Reads everything in a database, and prints what is wrong. */
export function addCheckCommand(db: Command, output: Output): void {
  db.command("check")
    .description("read everything in the database, and report what is wrong with it")
    .argument("<database>", databaseArgument)
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "Checks every block from the first up: its bytes against its id, its row, its parent and the rules " +
            "of the chain, and whether its digest finds it. Checks every proposal and everything else in the " +
            "file, and lets SQLite check the file itself. Changes nothing, except that what a killed plugin " +
            "left in the write-ahead log goes into the file, as at every start.",
          lockNote,
        ],
        examples: ["timestampvm db check chain"],
        exitCodes: { 0: "the database is sound", 1: "it is not, or could not be read" },
      }),
    )
    .action((path: string) => check(path, output));
}

function check(path: string, output: Output): void {
  const { out } = output;
  const file = findDatabase(path);
  const progress = output.progress();
  let problems = 0;
  const onProblem = (problem: string) => {
    progress.clear();
    if (++problems <= maxPrintedProblems) out(`problem: ${problem}\n`);
  };
  const summary = checkDatabase(file, { onProblem, onProgress: (read, total) => progress.show(read, total) });
  progress.clear();
  if (problems > maxPrintedProblems) out(`and ${countOf(problems - maxPrintedProblems, "problem")} more\n`);
  out(formatSummary(file, summary, output.paint));
  if (problems > 0) {
    throw new CommandFailed(`${file} is not sound: ${countOf(problems, "problem")}\n${cureFor(summary)}`);
  }
  out("sound\n");
}

const maxPrintedProblems = 20;

function formatSummary(file: string, summary: CheckSummary, paint: Paint): string {
  const { instanceId, genesis, lastAccepted, accepted, reencoded, rejected, proposals, proposalBytes } = summary;
  const rows: readonly OutputRow[] = [
    ["file", file],
    ["size", formatSize(statSync(file).size)],
    ["instance id", instanceId ?? unreadable],
    ["genesis", accepted === 0 ? "none" : (genesis ?? unreadable)],
    ["last accepted", lastAccepted ? (lastAccepted.id ?? unreadable) : "none"],
    ["height", lastAccepted ? formatNumber(lastAccepted.height) : "none"],
    ["blocks", `${formatNumber(accepted)} accepted, ${formatNumber(rejected)} rejected`],
    ["encoded again", reencoded > 0 ? `${countOf(reencoded, "block")}, by timestampvm-rs` : undefined],
    ["proposals", `${formatNumber(proposals)} waiting, ${formatSize(proposalBytes)}`],
  ];
  return formatRows(rows, paint);
}

const unreadable = "unreadable";

function cureFor({ cureHeight, lastAccepted }: CheckSummary): string {
  const deleteAll = "delete the chain data directory, and the node fetches the chain from its peers";
  if (cureHeight === undefined) return `Cure: ${deleteAll}.`;
  const rollback = `db rollback --to ${cureHeight}`;
  if (cureHeight === lastAccepted?.height) return `Cure: ${rollback}. All blocks are sound, and it removes none.`;
  return `Cure: ${deleteAll}; or only what lies above height ${cureHeight}, with ${rollback}.`;
}
