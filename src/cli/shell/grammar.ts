import type { Argument, Command, Option } from "commander";

/** A command as shells and manual pages know it. */
export interface Grammar {
  /** Its words without the program's name: `["db", "check"]`. Empty for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly OptionGrammar[];
  readonly commands: readonly Grammar[];
  /** Whether arguments that are no options name files. */
  readonly takesFiles: boolean;
  /** What an argument may be, if that is known. */
  readonly choices: readonly string[];
}

export interface OptionGrammar {
  /** `-o`, if there is one. */
  readonly short: string | undefined;
  /** `--output` */
  readonly long: string;
  readonly description: string;
  /** What follows it; undefined if nothing does. */
  readonly value: Value | undefined;
}

/** The value of an option: its name for people, and what it may be. */
export interface Value {
  readonly name: string;
  readonly isFile: boolean;
  readonly choices: readonly string[];
}

/** Reads the definitions of a command and of those below it. */
export function grammarOf(command: Command, path: readonly string[] = []): Grammar {
  const help = command.createHelp();
  const commands = help
    .visibleCommands(command)
    .filter((below) => below !== command)
    .map((below) => grammarOf(below, [...path, below.name()]));
  return {
    path,
    description: command.description(),
    options: help.visibleOptions(command).flatMap(readOption),
    commands,
    takesFiles: command.registeredArguments.some((argument) => isFileName(argument.name())),
    choices: choicesOf(command.registeredArguments),
  };
}

/** All commands, each before those below it. */
export function everyCommand(grammar: Grammar): readonly Grammar[] {
  return [grammar, ...grammar.commands.flatMap(everyCommand)];
}

function readOption({ short, long, description, argChoices = [], flags }: Option): readonly OptionGrammar[] {
  if (long === undefined || long === null) return [];
  const name = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1];
  const value = name === undefined ? undefined : { name, isFile: isFileName(name), choices: argChoices };
  return [{ short: short ?? undefined, long, description, value }];
}

function choicesOf(args: readonly Argument[]): readonly string[] {
  return args.flatMap(({ argChoices = [] }) => argChoices);
}

/** By the names that the definitions give to what is a file or a folder. */
function isFileName(name: string): boolean {
  return /^(file|files|path|folder|directory|dir|list|proof|proofs|database|db)(\.\.\.)?$/i.test(name);
}
