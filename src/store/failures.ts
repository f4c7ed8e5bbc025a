import { SQLiteError } from "bun:sqlite";
import { CodedError, codeOf, messageOf } from "../avalanche/coded-error.ts";
import { systemProblemOf } from "../avalanche/system-error.ts";
import { FileError } from "./errors.ts";
import { isLimit, lacksFiles, raiseLimit } from "./open-files.ts";

/** Damage in the file that SQLite cannot see. `translating` makes a `FileError` of it. */
export class Damage extends Error {
  override readonly name = "Damage";
}

/** Runs `work`. An error of SQLite or the file system, or `Damage`, becomes a `FileError` about `file`. */
export function translating<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translated(file, error);
  }
}

/** The `FileError` about `file` for an error of SQLite or the file system, or `Damage`; any other error unchanged. */
export function translated(file: string, error: unknown): unknown {
  if (error instanceof CodedError || !(error instanceof Error)) return error;
  if (error instanceof Damage) return damaged(file, error.message);
  const code = codeOf(error);
  if (code.startsWith("SQLITE_BUSY")) return new FileError({ code: "database in use", file }, { cause: error });
  if (code === "SQLITE_NOTADB") return databaseFailed(file, notOurs, orDamaged, error);
  return error instanceof SQLiteError || /^E[A-Z]+$/.test(code) ? failureOf(file, error) : error;
}

/** The `FileError` for an error of SQLite or the file system, also one from another thread. */
export function failureOf(file: string, error: unknown): FileError {
  return databaseFailed(file, systemProblemOf(error) ?? messageOf(error), cureFor(codeOf(error)), error);
}

/** The error for a damaged file. */
export function damaged(file: string, problem: string): FileError {
  return databaseFailed(file, problem, damageCure);
}

/**
 * Names a milder cure for damage in a file of an older schema: a rollback keeps the blocks below the damage. Gives any
 * other error unchanged.
 */
export function curedAsOld(file: string, error: unknown): unknown {
  if (!(error instanceof FileError)) return error;
  const { refusal } = error;
  if (refusal.code !== "database failed" || refusal.cure !== damageCure) return error;
  const cure =
    `${checkDisk}run \`timestampvm db check ${file}\`: it names the height below the damage, and ` +
    `\`timestampvm db rollback ${file} --to HEIGHT\` keeps the blocks up to there, and proposes again what the ` +
    `readable ones above carry; only where it names none, ${deleteChain}`;
  return databaseFailed(refusal.file, refusal.problem, cure, error);
}

/** The error for a problem whose cure is known. */
export function databaseFailed(file: string, problem: string, cure: string, cause?: unknown): FileError {
  return new FileError({ code: "database failed", file, problem, cure }, { cause });
}

function cureFor(code: string): string {
  // Our statements are fixed, so an error in one means that the file's schema or content is wrong.
  if (/^SQLITE_(CORRUPT|CONSTRAINT)/.test(code) || code === "SQLITE_ERROR") {
    // SQLite gives the same codes for a page that it could not read from the disk.
    return damageCure;
  }
  if (isLimit(code) || (code.startsWith("SQLITE_CANTOPEN") && lacksFiles())) return raiseLimit;
  if (code === "SQLITE_FULL" || code === "ENOSPC") return "free some disk space and start the node again";
  if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN") || /^E(ACCES|PERM|ROFS)$/.test(code)) {
    return "make the file and its directory writable for the user who runs the node";
  }
  if (/^E(EXIST|NOTDIR|ISDIR)$/.test(code)) return "move away what stands in the place of the file or its directory";
  return "check the disk and start the node again";
}

/** What is wrong with a file that is not ours. */
export const notOurs = "it is not a database of timestampvm";
/** SQLite says so of a wrong path, and where the beginning of ours is damaged. */
const orDamaged =
  "check the path, and the disk; if it is the chain's own, move it out of the chain data directory: the chain is " +
  "fetched again from its peers, proposals that wait for a block are lost";

const checkDisk = "check the disk and start the node again; if the file stays damaged, stop the node and ";
const deleteChain =
  "delete the chain data directory: the chain is fetched again from its peers, " +
  "proposals that wait for a block are lost";
const damageCure = `${checkDisk}${deleteChain}`;
