import { codeOf } from "../../avalanche/coded-error.ts";
import { CommandFailed } from "../command-failed.ts";

/**
 * Runs `work` on a file that the command line names. What the system refuses is said in plain words about that name:
 * the system may name another, such as that of an unfinished file. Other errors stay as they are.
 */
export function namingFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const problem = problems.get(codeOf(error));
    throw problem === undefined ? error : new CommandFailed(`${file || "''"}: ${problem}`);
  }
}

const problems = new Map([
  ["ENOENT", "there is no such file or directory"],
  ["ENOTDIR", "what stands in the place of its directory is not one"],
  ["EISDIR", "it is a directory"],
  ["EACCES", "permission denied"],
  ["EROFS", "its disk can only be read"],
]);
