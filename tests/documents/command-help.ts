import type { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { createProgram } from "../../src/cli/cli.ts";
import { createOutput } from "../../src/cli/terminal/output.ts";
import { defaultProtocol, newestProtocol, oldestProtocol } from "../../src/rpcchainvm/protocol.ts";

const columns = 100;

/** The help of every command, under a heading of its own, as `--help` prints it in a terminal of 100 columns. */
export function formatHelp(): string {
  const protocols = { oldest: oldestProtocol, newest: newestProtocol, default: defaultProtocol };
  const about = { name: packageJson.name, version: packageJson.version, protocols };
  const program = createProgram(about, createOutput({ out: () => {}, err: () => {} }));
  return commandsIn(program).map(formatCommand).join("\n\n");
}

/** Those that do something: of a command with others below it, these. */
function commandsIn({ commands }: Command): Command[] {
  return commands.flatMap((command) => (command.commands.length === 0 ? [command] : commandsIn(command)));
}

function formatCommand(command: Command): string {
  const { parent } = command;
  const name = parent?.parent ? `${parent.name()} ${command.name()}` : command.name();
  command.configureOutput({ getOutHelpWidth: () => columns });
  return `### ${name}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``;
}

/** With what is added behind it, which `helpInformation` leaves out. */
function helpOf(command: Command): string {
  const written: string[] = [];
  command.configureOutput({ writeOut: (text) => written.push(text) });
  command.outputHelp();
  return written.join("").trim();
}
