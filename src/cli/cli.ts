import { Command, CommanderError } from "commander";
import { CodedError } from "../avalanche/coded-error.ts";
import { RpcError } from "../client/rpc-error.ts";
import { escapeUnprintable } from "../core/printable.ts";
import type { About } from "./about.ts";
import { CommandFailed, failed, wrongUse } from "./command-failed.ts";
import { addDbCommand } from "./db/db.ts";
import { addDevCommand } from "./dev.ts";
import { addGenesisCommand } from "./genesis.ts";
import { addChainCommands } from "./node/node.ts";
import type { Output } from "./terminal/output.ts";
import { addVersionJsonCommand } from "./version-json.ts";
import { addVmIdCommand } from "./vm-id.ts";

/**
 * Runs a command line, without the program's name. Gives the exit code: 0, 1 when the command could not do its work, 2 for
 * wrong use, or 3 when it has waited in vain.
 */
export async function runCli(args: readonly string[], about: About, output: Output): Promise<number> {
  try {
    await createProgram(about, output).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return tellFailure(error, output);
  }
}

/** Gives the exit code of what a command has thrown. Throws what is a bug. */
export function tellFailure(error: unknown, { err }: Output): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUse;
  const reason = failureOf(error);
  if (reason === undefined) throw error;
  if (reason !== "") err(`error: ${escapeUnprintable(reason)}\n`);
  return error instanceof CommandFailed ? error.exitCode : failed;
}

/** Why a command could not do its work; nothing to say when nobody reads its output any more; undefined for a bug. */
function failureOf(error: unknown): string | undefined {
  if (error instanceof CommandFailed || error instanceof CodedError || error instanceof RpcError) return error.message;
  const { code = "", message } = error as { code?: string; message: string };
  if (code === "EPIPE") return "";
  return /^E[A-Z]+$/.test(code) ? message : undefined;
}

/** All commands; those of `db` and the small ones do their work before `parse` returns. */
export function createProgram(about: About, output: Output): Command {
  const { name, version, protocols } = about;
  const { out, err } = output;
  const program = new Command(name)
    .description(
      "An Avalanche virtual machine that proves that data existed at a time.\n" +
        "AvalancheGo runs it as a plugin: put it, named by its VM id, into the plugins directory.",
    )
    .version(
      `${name} ${version} [rpcchainvm=${protocols.oldest}-${protocols.newest}]`,
      "-V, --version",
      "print the version and leave",
    )
    .helpOption("-h, --help", "print this help and leave")
    .helpCommand(false)
    .showHelpAfterError("(see --help)")
    .configureOutput({ writeOut: out, writeErr: (text) => err(escapeUnprintable(text)) })
    .exitOverride();
  program.commandsGroup("Stamps and blocks:");
  addChainCommands(program, output);
  program.commandsGroup("For operators and developers:");
  addDevCommand(program, about, output);
  addDbCommand(program, output);
  addGenesisCommand(program, out);
  addVmIdCommand(program, out);
  addVersionJsonCommand(program, about, out);
  return program;
}
