import type { Command } from "commander";
import { everyCommand, type Grammar, grammarOf, type OptionGrammar } from "./grammar.ts";

/** The manual page of a program in the language of man(7), from the definitions of its commands. */
export function manualPage(program: Command, version: string): string {
  const grammar = grammarOf(program);
  const name = program.name();
  const [, ...commands] = everyCommand(grammar);
  return [
    `.TH ${name.toUpperCase()} 1 "" "${plain(`${name} ${version}`)}" "User Commands"`,
    ".SH NAME",
    plain(`${name} - stamp files with an Avalanche chain, and check stamps`),
    ".SH SYNOPSIS",
    `.B ${plain(name)}`,
    "\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...",
    ".SH DESCRIPTION",
    plain(grammar.description),
    ".SH OPTIONS",
    ...grammar.options.map(option),
    ".SH COMMANDS",
    ...commands.flatMap((command) => section(program, command)),
    ".SH ENVIRONMENT",
    ".TP",
    ".B TIMESTAMPVM_URL",
    plain("The chain that is asked where --url is not given."),
    ".SH EXIT STATUS",
    ...exitCodes.map(([code, meaning]) => `.TP\n.B ${code}\n${meaning}`),
    "",
  ].join("\n");
}

const exitCodes = [
  ["0", "Done."],
  ["1", "The command could not do its work, or a proof does not hold."],
  ["2", "Wrong use."],
  ["3", "It cannot be told yet."],
] as const;

function section(program: Command, grammar: Grammar): readonly string[] {
  const command = grammar.path.reduce((at, word) => at.commands.find((below) => below.name() === word) ?? at, program);
  const usage = command.createHelp().commandUsage(command);
  return [
    `.SS ${plain(usage)}`,
    plain(sentence(grammar.description)),
    ...grammar.options.filter(({ long }) => long !== "--help").map(option),
    ...notesOf(command),
  ];
}

function option({ short, long, description, value }: OptionGrammar): string {
  const names = [...(short === undefined ? [] : [short]), long].map((name) => `\\fB${plain(name)}\\fR`).join(", ");
  const taken = value === undefined ? "" : ` \\fI${plain(value.name)}\\fR`;
  return `.TP\n${names}${taken}\n${plain(sentence(description))}`;
}

/** What the help of a command has behind its options: paragraphs, and lists whose lines are indented. */
function notesOf(command: Command): readonly string[] {
  let text = "";
  const writeOut = (part: string) => {
    text += part;
  };
  command.configureOutput({ writeOut }).outputHelp();
  return text
    .slice(command.helpInformation().length)
    .split("\n\n")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .flatMap((part) => {
      const lines = part.split("\n");
      const isList = lines.slice(1).some((line) => line.startsWith("  "));
      return isList ? [".PP", ".nf", ...lines.map(plain), ".fi"] : [".PP", plain(lines.join(" "))];
    });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}

/** A line of ASCII that is only text: no backslash, dash or dot at its start means anything. */
function plain(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/[^\x20-\x7e]/gu, (character) => `\\[u${hexOf(character)}]`);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** At least four digits, as groff_char(7) asks. */
function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}
