import type { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { createProgram } from "../../src/cli/cli.ts";
import { createOutput } from "../../src/cli/terminal/output.ts";
import { defaultProtocol, newestProtocol, oldestProtocol } from "../../src/rpcchainvm/protocol.ts";

const columns = 100;

/** The help of the program, and of every command under a heading of its own, as a terminal of 100 columns has it. */
export function formatHelp(): string {
  const protocols = { oldest: oldestProtocol, newest: newestProtocol, default: defaultProtocol };
  const about = { name: packageJson.name, version: packageJson.version, protocols };
  const program = createProgram(about, createOutput({ out: () => {}, err: () => {} }));
  return [formatBlock(program), ...commandsIn(program).map(formatCommand)].join("\n\n");
}

/** Those that do something: of a command with others below it, these. */
function commandsIn({ commands }: Command): Command[] {
  return commands.flatMap((command) => (command.commands.length === 0 ? [command] : commandsIn(command)));
}

function formatCommand(command: Command): string {
  const { parent } = command;
  const name = parent?.parent ? `${parent.name()} ${command.name()}` : command.name();
  return `### ${name}\n\n${formatBlock(command)}`;
}

/** With what is added behind the options, which `helpInformation` leaves out. */
function formatBlock(command: Command): string {
  const written: string[] = [];
  command.configureOutput({ getOutHelpWidth: () => columns, writeOut: (text) => written.push(text) });
  command.outputHelp();
  return `\`\`\`text\n${written.join("").trim()}\n\`\`\``;
}
