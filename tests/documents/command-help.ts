import type { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { createProgram } from "../../src/cli/cli.ts";
import { createOutput } from "../../src/cli/terminal/output.ts";
import { defaultProtocol, newestProtocol, oldestProtocol } from "../../src/rpcchainvm/protocol.ts";

const columns = 100;

/** The help of the program, and of every command under a heading of its own, as a terminal of 100 columns has it. */
export function formatHelp(): string {
  const program = programForHelp();
  return [formatBlock(program), ...commandsIn(program).map(formatCommand)].join("\n\n");
}

/** The program with all its commands, which nobody runs. */
export function programForHelp(): Command {
  const protocols = { oldest: oldestProtocol, newest: newestProtocol, default: defaultProtocol };
  const about = { name: packageJson.name, version: packageJson.version, protocols };
  return createProgram(about, createOutput({ out: () => {}, err: () => {} }));
}

/** Those that do something: of a command with others below it, these. `help` has nothing to say about itself. */
export function commandsIn({ commands }: Command): Command[] {
  return commands
    .filter((command) => command.name() !== "help")
    .flatMap((command) => (command.commands.length === 0 ? [command] : commandsIn(command)));
}

function formatCommand(command: Command): string {
  return `### ${nameOf(command)}\n\n${formatBlock(command)}`;
}

/** As people type it: "stamp", "db check". */
export function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${parent.name()} ${command.name()}` : command.name();
}

function formatBlock(command: Command): string {
  return `\`\`\`text\n${helpOf(command, columns).trim()}\n\`\`\``;
}

/** With what is added behind the options, which `helpInformation` leaves out. */
export function helpOf(command: Command, columns: number): string {
  const written: string[] = [];
  command.configureOutput({ getOutHelpWidth: () => columns, writeOut: (text) => written.push(text) });
  command.outputHelp();
  return written.join("");
}
