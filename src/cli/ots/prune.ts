import type { Command } from "commander";
import { countOf } from "../../core/format.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { keepAttestations, messagesOf } from "../../proof/ots/walk.ts";
import { helpAfter } from "../help.ts";
import type { FileAnswer } from "../node/each-file.ts";
import { type NamedSource, severalFilesNote } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { answerProofs, collectFiles, replacedProofs, replaceProof } from "./answer-proofs.ts";
import { readOtsFile } from "./ots-files.ts";
import { isProof, statementsOf } from "./statements.ts";

interface PruneOptions {
  readonly json?: boolean;
}

/** Removes from proofs what calendars promise, where there is something better. Asks nobody. */
export function addPruneCommand(program: Command, output: Output): void {
  program
    .command("prune")
    .description("remove calendars from proofs of files that have something better")
    .argument("<proofs...>", replacedProofs, collectFiles)
    .option("--json", "print JSON for programs")
    .addHelpText(
      "after",
      helpAfter({
        notes: [
          "A calendar only promises a proof. It is not needed where there is a block of timestampvm or of Bitcoin. " +
            "Checks none of these, and asks nobody: `timestampvm verify` first. Other proofs stay as they are.",
          severalFilesNote,
        ],
        examples: ["timestampvm prune report.pdf.ots"],
        exitCodes: {
          0: "done, or there was nothing to remove",
          1: "a file is no proof, or could not be read or written",
        },
      }),
    )
    .action((files: readonly NamedSource[], { json }: PruneOptions) => {
      const work = async (file: NamedSource, quiet: Output) => pruneFile(file, quiet);
      return answerProofs(files, work, { json, words: { waiting: "" } }, output);
    });
}

function pruneFile(file: NamedSource, output: Output): FileAnswer {
  const ots = readOtsFile(file, output);
  const statements = messagesOf(ots).flatMap(statementsOf).toArray();
  const calendars = new Set(statements.flatMap((statement) => (statement.kind === "calendar" ? [statement.uri] : [])));
  if (calendars.size === 0) return answerOf("unchanged", "it has no calendar");
  if (!statements.some(isProof)) return answerOf("unchanged", "without its calendars, it has no proof");
  replaceProof(file, withoutCalendars(ots));
  return answerOf("pruned", countOf(calendars.size, "calendar"), [...calendars]);
}

function withoutCalendars(ots: OtsFile): OtsFile {
  const kept = keepAttestations(ots, ({ kind }) => kind !== "pending");
  if (kept === undefined) throw new Error("a proof of calendars alone");
  return kept;
}

function answerOf(state: "pruned" | "unchanged", why: string, calendars: readonly string[] = []): FileAnswer {
  return { line: `${state}  ${why}`, values: [{ state, calendars }] };
}
