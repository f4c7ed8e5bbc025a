import { SQLiteError } from "bun:sqlite";
import { CodedError, codeOf, messageOf } from "../avalanche/coded-error.ts";
import { FileError } from "./errors.ts";
import { isLimit, lacksFiles, raiseLimit } from "./open-files.ts";

/** Something in the file that SQLite cannot know to be wrong. `translating` makes a `FileError` of it. */
export class Damage extends Error {
  override readonly name = "Damage";
}

/** Runs `work`. What SQLite, the file system or a look at a row throws becomes a `FileError` about `file`. */
export function translating<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CodedError || !(error instanceof Error)) throw error;
    if (error instanceof Damage) throw damaged(file, error.message);
    const code = codeOf(error);
    if (code.startsWith("SQLITE_BUSY")) throw new FileError({ code: "database in use", file }, { cause: error });
    if (error instanceof SQLiteError || /^E[A-Z]+$/.test(code)) throw failureOf(file, error);
    throw error;
  }
}

/** The error for what SQLite or the file system has thrown, also on another thread. */
export function failureOf(file: string, error: unknown): FileError {
  return databaseFailed(file, messageOf(error), cureFor(codeOf(error)), error);
}

/** The error for a file that contradicts itself. */
export function damaged(file: string, problem: string): FileError {
  return databaseFailed(file, problem, cureFor("SQLITE_CORRUPT"));
}

/** The error for a problem whose cure is known. */
export function databaseFailed(file: string, problem: string, cure: string, cause?: unknown): FileError {
  return new FileError({ code: "database failed", file, problem, cure }, { cause });
}

function cureFor(code: string): string {
  // Our statements are fixed, so an error in one is an error in the file's schema, or in what the file holds.
  if (/^SQLITE_(CORRUPT|CONSTRAINT)/.test(code) || code === "SQLITE_NOTADB" || code === "SQLITE_ERROR") {
    // SQLite also says this of a page that the disk did not give.
    return (
      "check the disk and start the node again; if the file stays damaged, stop the node and delete the chain data " +
      "directory: the chain is fetched again from its peers, proposals that wait for a block are lost"
    );
  }
  if (isLimit(code) || (code.startsWith("SQLITE_CANTOPEN") && lacksFiles())) return raiseLimit;
  if (code === "SQLITE_FULL" || code === "ENOSPC") return "free some disk space and start the node again";
  if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN") || /^E(ACCES|PERM|ROFS)$/.test(code)) {
    return "make the file and its directory writable for the user who runs the node";
  }
  if (/^E(EXIST|NOTDIR|ISDIR)$/.test(code)) return "move away what stands in the place of the file or its directory";
  return "check the disk and start the node again";
}
