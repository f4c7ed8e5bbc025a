import { readFileSync, rmSync, statSync } from "node:fs";
import { codeOf } from "../../avalanche/coded-error.ts";
import { escapeLine } from "../../core/printable.ts";
import { ProofError } from "../../proof/errors.ts";
import { maxOtsBytes, readOts } from "../../proof/ots/read.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { writeOts } from "../../proof/ots/write.ts";
import { type FilePath, replaceFile, unfinishedNameOf, withSuffix, writeNewFile } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import { namingFile } from "../naming-file.ts";
import { nameOfProof } from "../proof-file.ts";
import { ProofProblem } from "../proof-problem.ts";
import { readData } from "../read-source.ts";
import type { NamedSource } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { writeAll } from "../terminal/write-all.ts";

/** The end of a proof's name. It follows the whole name of the file. */
export const otsSuffix = ".ots";
const backupSuffix = ".bak";

/** Reads an `.ots` file. Throws a `ProofProblem` that says what is wrong with it, and at which byte. */
export function readOtsFile(source: NamedSource, output: Output): OtsFile {
  return parseOts(nameOfProof(source), readData(source, maxOtsBytes, output).data);
}

/** Reads the bytes of an `.ots` file. Throws like `readOtsFile`. */
export function parseOts(name: string, bytes: Uint8Array): OtsFile {
  try {
    return readOts(bytes);
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new ProofProblem("does not hold", `${escapeLine(name)}: ${error.message}`);
  }
}

/** Makes an `.ots` file as a whole or not at all. Throws "command failed", also if there is a file of that name. */
export function writeNewOts(path: FilePath, ots: OtsFile): void {
  namingFile(path.toString(), () => writeNewFile(path, (fileDescriptor) => writeAll(fileDescriptor, writeOts(ots))));
}

/**
 * Replaces an `.ots` file in one step, and keeps the old one as NAME.bak, unless there is such a file: that is older,
 * and stays. So no proof that somebody else made is ever lost. Throws "command failed".
 */
export function replaceOts(path: FilePath, ots: OtsFile): void {
  namingFile(path.toString(), () => {
    const mode = statSync(path).mode & permissions; // as private as it was
    keepOld(path, mode);
    const unfinished = unfinishedNameOf(path);
    try {
      writeNewFile(unfinished, (fileDescriptor) => writeAll(fileDescriptor, writeOts(ots)), mode);
      replaceFile(unfinished, path);
    } finally {
      rmSync(unfinished, { force: true });
    }
  });
}

const permissions = 0o777;

function keepOld(path: FilePath, mode: number): void {
  const backup = withSuffix(path, backupSuffix);
  try {
    writeNewFile(backup, (fileDescriptor) => writeAll(fileDescriptor, readFileSync(path)), mode);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    if (statSync(backup, { throwIfNoEntry: false })?.isFile()) return;
    throw new CommandFailed(`${backup} is no file: move it away, so that the old proof can be kept there`);
  }
}
