import { codeOf } from "../avalanche/coded-error.ts";
import { systemProblemOf } from "../avalanche/system-error.ts";
import { CommandFailed } from "./command-failed.ts";

/**
 * Runs `work` on a file that the command line names. An error of the system becomes "command failed": plain words about
 * that name, since the system may name another, such as that of an unfinished file. Other errors stay as they are, and
 * so does EPIPE: it is no failure when nobody reads any more.
 */
export function namingFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const problem = codeOf(error) === "EPIPE" ? undefined : systemProblemOf(error);
    throw problem === undefined ? error : new CommandFailed(`${file || "''"}: ${problem}`);
  }
}
