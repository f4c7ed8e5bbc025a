import { Command, CommanderError } from "commander";
import type { About } from "./about.ts";
import { addGenesisCommand } from "./genesis.ts";
import { addVersionJsonCommand } from "./version-json.ts";
import { addVmIdCommand } from "./vm-id.ts";

/** Where text goes that a command prints; whole lines. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs a command line, without the program's name. Gives the exit code: 0, or 2 for wrong use. */
export function runCli(args: readonly string[], about: About, { out, err }: Output): number {
  const program = createProgram(about).configureOutput({ writeOut: out, writeErr: err });
  addGenesisCommand(program, out);
  addVmIdCommand(program, out);
  addVersionJsonCommand(program, about, out);
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    program.parse(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUse;
    throw error;
  }
}

const wrongUse = 2;

function createProgram({ name, version, protocolVersion }: About): Command {
  return new Command(name)
    .description(
      "An Avalanche virtual machine that proves that data existed at a time.\n" +
        "AvalancheGo runs it as a plugin: put it, named by its VM id, into the plugins directory.",
    )
    .version(`${name} ${version} [rpcchainvm=${protocolVersion}]`, "-V, --version", "print the version and leave")
    .helpOption("-h, --help", "print this help and leave")
    .helpCommand(false)
    .showHelpAfterError("(see --help)");
}
