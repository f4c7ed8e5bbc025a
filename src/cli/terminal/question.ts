import { CommandFailed, wrongUse } from "../command-failed.ts";
import type { Output } from "./output.ts";
import { readChunks } from "./read-chunks.ts";

/**
 * Asks the person at the terminal a question, and waits. Gives whether the answer is yes. Without a terminal
 * it is wrong use: throws "command failed", and names the option that says yes.
 */
export function askYesNo(question: string, yesOption: string, { input, err }: Output): boolean {
  if (!input?.isTerminal)
    throw new CommandFailed(`${question}\nThere is no terminal to answer on: add ${yesOption}.`, wrongUse);
  err(`${question} [y/N] `);
  const { value } = readChunks(input.fileDescriptor).next(); // a terminal gives a line
  return /^y(es)?\s*$/i.test(new TextDecoder().decode(value ?? new Uint8Array()));
}
