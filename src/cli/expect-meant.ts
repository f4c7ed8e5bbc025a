import { type Command, InvalidArgumentError } from "commander";
import { showArgument } from "./terminal/exact-arguments.ts";

/**
 * Refuses, as wrong use, arguments and option values that nobody can have meant: empty ones, mostly of a variable that
 * is not set, and text that is not UTF-8. It sees those that are text once they are parsed: other parsers refuse both.
 */
export function expectMeant(command: Command): void {
  for (const [name, value] of givenTo(command)) {
    for (const text of [value].flat()) {
      const problem = typeof text === "string" ? problemOf(name, text) : undefined;
      if (problem !== undefined) command.error(`error: ${name}: ${problem}`);
    }
  }
}

/** The names of arguments and options, and their parsed values. */
function givenTo(command: Command): readonly (readonly [name: string, value: unknown])[] {
  return [
    ...command.registeredArguments.map((argument, i) => [argument.name(), command.processedArgs[i]] as const),
    ...command.options.map((option) => [option.long ?? option.flags, command.opts()[option.attributeName()]] as const),
  ];
}

/** What is wrong with a text of a command line; undefined if nothing is. */
function problemOf(name: string, text: string): string | undefined {
  if (text === "") return emptyProblem;
  if (text.isWellFormed()) return undefined;
  return `${brokenProblem(text)}\n${name === "--text" ? howToGiveData : howToGiveOthers}`;
}

const emptyProblem = "it is empty. Is that a variable that is not set?";

/** For parsers of text that is never empty: throws what commander takes for wrong use. */
export function expectNotEmpty(text: string): void {
  if (text === "") throw new InvalidArgumentError(emptyProblem);
}

/** Takes an exact argument that is not UTF-8. */
export function brokenProblem(text: string): string {
  return `it is not UTF-8: ${showArgument(text)}`;
}

const howToGiveData = "Give such data in a file, on standard input with -, or as its SHA-256 with --digest.";
const howToGiveOthers = "Give it in UTF-8. A directory or a file can be named by a link to it.";
