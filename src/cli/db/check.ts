import { statSync } from "node:fs";
import type { Command } from "commander";
import { type CheckSummary, checkDatabase } from "../../store/check/check.ts";
import { CommandFailed } from "../command-failed.ts";
import { countOf, groupDigits } from "../terminal/counts.ts";
import type { Output } from "../terminal/output.ts";
import { ProgressLine } from "../terminal/progress-line.ts";
import { databaseArgument, findDatabase } from "./open-database.ts";

export function addCheckCommand(db: Command, output: Output): void {
  db.command("check")
    .description("read everything in the database, and tell what is wrong with it")
    .argument("<database>", databaseArgument)
    .addHelpText(
      "after",
      "\nReads every block from the first up: its bytes and its id, what stands beside it, its parent and the rules of the\n" +
        "chain; every proposal; and the file itself, as SQLite checks it. Changes nothing: only what a killed plugin left\n" +
        "in the write-ahead log goes into the file, as at every start. Leaves with 0 when all is sound, and else with 1.",
    )
    .action((path: string) => check(path, output));
}

function check(path: string, { out, err, isWatched }: Output): void {
  const file = findDatabase(path);
  const progress = new ProgressLine(isWatched ? err : undefined);
  let problems = 0;
  const onProblem = (problem: string) => {
    progress.clear();
    if (++problems <= maxToldProblems) out(`problem: ${problem}\n`);
  };
  const summary = checkDatabase(file, { onProblem, onProgress: (read, total) => progress.show(read, total) });
  progress.clear();
  if (problems > maxToldProblems) out(`and ${countOf(problems - maxToldProblems, "problem")} more\n`);
  out(formatSummary(file, summary));
  if (problems > 0) {
    throw new CommandFailed(`${file} is not sound: ${countOf(problems, "problem")}\n${cureFor(summary)}`);
  }
  out("sound\n");
}

const maxToldProblems = 20;

function formatSummary(file: string, summary: CheckSummary): string {
  const { instanceId, genesis, lastAccepted, accepted, reencoded, rejected, proposals, proposalBytes } = summary;
  const rows = [
    ["file", file],
    ["size", `${groupDigits(statSync(file).size)} bytes`],
    ["instance id", instanceId ?? unreadable],
    ["genesis", accepted === 0 ? "none" : (genesis ?? unreadable)],
    ["last accepted", lastAccepted ? (lastAccepted.id ?? unreadable) : "none"],
    ["height", lastAccepted ? groupDigits(lastAccepted.height) : "none"],
    ["blocks", `${groupDigits(accepted)} accepted, ${groupDigits(rejected)} rejected`],
    ...(reencoded > 0 ? [["encoded again", `${countOf(reencoded, "block")}, by timestampvm-rs`] as const] : []),
    ["proposals", `${groupDigits(proposals)} waiting, ${groupDigits(proposalBytes)} bytes`],
  ] as const;
  return rows.map(([name, value]) => `${name.padEnd(14)} ${value}\n`).join("");
}

const unreadable = "unreadable";

function cureFor({ cureHeight }: CheckSummary): string {
  const deleteAll = "delete the chain data directory, and the node fetches the chain from its peers";
  if (cureHeight === undefined) return `Cure: ${deleteAll}.`;
  return `Cure: ${deleteAll}; or only what lies above height ${cureHeight}, with db rollback --to ${cureHeight}.`;
}
