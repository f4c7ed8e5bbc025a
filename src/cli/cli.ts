import { Command, CommanderError } from "commander";
import { VmError } from "../core/errors.ts";
import type { About } from "./about.ts";
import { CommandFailed } from "./command-failed.ts";
import { addDbCommand } from "./db/db.ts";
import { addDevCommand } from "./dev.ts";
import { addGenesisCommand } from "./genesis.ts";
import type { Output } from "./output.ts";
import { addVersionJsonCommand } from "./version-json.ts";
import { addVmIdCommand } from "./vm-id.ts";

/**
 * Runs a command line, without the program's name. Gives the exit code: 0, 1 when the command could not do its work, or
 * 2 for wrong use.
 */
export function runCli(args: readonly string[], about: About, output: Output): number {
  const { out, err } = output;
  const program = createProgram(about).configureOutput({ writeOut: out, writeErr: err }).exitOverride();
  addGenesisCommand(program, out);
  addVmIdCommand(program, out);
  addVersionJsonCommand(program, about, out);
  addDbCommand(program, output);
  addDevCommand(program, about, output);
  try {
    program.parse(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUse;
    const reason = failureOf(error);
    if (reason === undefined) throw error;
    if (reason !== "") err(`error: ${reason}\n`);
    return failed;
  }
}

const failed = 1;
const wrongUse = 2;

/** Why a command could not do its work; nothing to say when nobody reads its output any more; undefined for a bug. */
function failureOf(error: unknown): string | undefined {
  if (error instanceof CommandFailed || error instanceof VmError) return error.message;
  const { code = "", message } = error as { code?: string; message: string };
  if (code === "EPIPE") return "";
  return /^E[A-Z]+$/.test(code) ? message : undefined;
}

function createProgram({ name, version, protocols }: About): Command {
  return new Command(name)
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
    .showHelpAfterError("(see --help)");
}
