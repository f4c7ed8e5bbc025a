import { Command, CommanderError, Help, type Option } from "commander";
import { escapeUnprintable } from "../core/printable.ts";
import type { About } from "./about.ts";
import { addCalendarCommand } from "./calendar.ts";
import { addCheckProofCommand } from "./check-proof.ts";
import { CommandFailed, failed, wrongUse } from "./command-failed.ts";
import { addCompletionCommand, addManCommand } from "./completion.ts";
import { addDbCommand } from "./db/db.ts";
import { addDevCommand } from "./dev.ts";
import { expectMeant } from "./expect-meant.ts";
import { failureOf } from "./failure.ts";
import { addGenesisCommand } from "./genesis.ts";
import { addHelpCommand } from "./help.ts";
import { addLicensesCommand } from "./licenses.ts";
import { addMempoolCommand } from "./mempool.ts";
import { addBlockCommand } from "./node/block.ts";
import { addBlocksCommand } from "./node/blocks.ts";
import { addFindCommand } from "./node/find.ts";
import { addProofCommand } from "./node/proof.ts";
import { addStampCommand } from "./node/stamp.ts";
import { addStatusCommand } from "./node/status.ts";
import { addInfoCommand } from "./ots/info.ts";
import { addPruneCommand } from "./ots/prune.ts";
import { addUpgradeCommand } from "./ots/upgrade.ts";
import { addVerifyCommand } from "./ots/verify.ts";
import { createOutput, type Output, type OutputParts } from "./terminal/output.ts";
import { addVersionJsonCommand } from "./version-json.ts";
import { addVmIdCommand } from "./vm-id.ts";

/**
 * Runs a command line, without the program's name. Resolves with the exit code: 0 for success, 1 if the command could
 * not do its work, 2 for wrong use, 3 if it cannot be told yet.
 */
export async function runCli(args: readonly string[], about: About, parts: OutputParts): Promise<number> {
  const output = createOutput(parts);
  try {
    await createProgram(about, output).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return reportFailure(error, output);
  }
}

/** Prints why a command failed. Gives the exit code; throws the error again when it is a bug. */
export function reportFailure(error: unknown, { err }: Output): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUse;
  const reason = failureOf(error);
  if (reason === undefined) throw error;
  if (reason !== "") err(`error: ${escapeUnprintable(reason)}\n`);
  return error instanceof CommandFailed ? error.exitCode : failed;
}

/** In the help, an option that must be given says so. */
function optionDescription(option: Option): string {
  const description = new Help().optionDescription(option);
  return option.mandatory ? `${description} (required)` : description;
}

/** Makes all commands. A synchronous one has done its work when `parse` returns. */
export function createProgram(about: About, output: Output): Command {
  const { name, version, protocols } = about;
  const { out, err } = output;
  const program = new Command(name)
    .description(
      "Stamp data with an Avalanche chain: evidence that it existed before a block was made. AvalancheGo runs this " +
        "program as a plugin: " +
        "put it into the plugins directory, with its VM id as its name.",
    )
    .version(
      `${name} ${version} [rpcchainvm=${protocols.oldest}-${protocols.newest}]`,
      "-V, --version",
      "print the version and exit",
    )
    .helpOption("-h, --help", "print this help and exit")
    .configureHelp({ optionDescription })
    .showHelpAfterError("(see --help)")
    .configureOutput({ writeOut: out, writeErr: (text) => err(escapeUnprintable(text)) })
    .exitOverride()
    .hook("preAction", (_program, command) => expectMeant(command));
  program.commandsGroup("Stamps and blocks:");
  addStatusCommand(program, output);
  addBlockCommand(program, output);
  addBlocksCommand(program, output);
  addStampCommand(program, output);
  addFindCommand(program, output);
  addProofCommand(program, output);
  addVerifyCommand(program, output);
  addInfoCommand(program, output);
  addUpgradeCommand(program, output);
  addPruneCommand(program, output);
  addCheckProofCommand(program, output);
  program.commandsGroup("For operators and developers:");
  addDevCommand(program, about, output);
  addCalendarCommand(program, output);
  addMempoolCommand(program, output);
  addDbCommand(program, output);
  addGenesisCommand(program, out);
  addVmIdCommand(program, out);
  addVersionJsonCommand(program, about, output);
  addLicensesCommand(program, output);
  addCompletionCommand(program, output);
  addManCommand(program, version, output);
  addHelpCommand(program);
  return program;
}
