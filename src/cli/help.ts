import { type Command, Help } from "commander";

/** What the help of a command has behind its options. */
export interface HelpParts {
  /** What its user should know besides: paragraphs. */
  readonly notes?: readonly string[];
  /** One to three command lines. They work as they are written, in the folder in which all of them run in turn. */
  readonly examples: readonly string[];
  /** What the exit codes mean, where that matters. */
  readonly exitCodes?: { readonly 0?: string; readonly 1: string; readonly 3?: string };
}

/** The text of these parts, for `addHelpText("after", …)`. */
export function helpAfter({ notes = [], examples, exitCodes }: HelpParts): string {
  const codes = Object.entries({ 0: "done", 2: "wrong use", ...exitCodes });
  const parts = [
    ...notes.map((note) => new Help().boxWrap(note, columns)),
    section("Examples", examples),
    ...(exitCodes
      ? [
          section(
            "Exit codes",
            codes.map((code) => code.join("  ")),
          ),
        ]
      : []),
  ];
  return parts.map((part) => `\n${part}`).join("\n");
}

/** Of the narrowest terminal that is usual. */
const columns = 80;

function section(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** Adds a command that prints the help of others, by the words that name them: `help db check`. */
export function addHelpCommand(parent: Command): void {
  parent
    .helpCommand(false)
    .command("help")
    .description("print the help of a command and exit")
    .argument("[command...]", "the words that name the command, such as db check")
    .action((words: readonly string[]) => printHelp(parent, words));
}

function printHelp(parent: Command, [word, ...rest]: readonly string[]): void {
  if (word === undefined || parent.commands.length === 0) return parent.help();
  const command = parent.commands.find((command) => command.name() === word);
  if (command === undefined)
    parent.parse([word], { from: "user" }); // refuses it, and names a similar one
  else printHelp(command, rest);
}
