import { CommandFailed } from "../command-failed.ts";
import type { Output } from "./output.ts";
import { readChunks } from "./read-chunks.ts";

/**
 * Asks the person at the terminal a question, and waits. Gives whether the answer is yes. Throws "command failed" if
 * there is no terminal, and names the option that says yes.
 */
export function askYesNo(question: string, yesOption: string, { input, err }: Output): boolean {
  if (!input?.isTerminal) throw new CommandFailed(`${question}\nThere is no terminal to answer on: add ${yesOption}.`);
  err(`${question} [y/N] `);
  const { value } = readChunks(input.fileDescriptor).next(); // a terminal gives a line
  return /^y(es)?\s*$/i.test(new TextDecoder().decode(value ?? new Uint8Array()));
}
