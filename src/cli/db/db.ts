import type { Command } from "commander";
import { addHelpCommand } from "../help.ts";
import type { Output } from "../terminal/output.ts";
import { addBackupCommand } from "./backup.ts";
import { addCheckCommand } from "./check.ts";
import { addExportCommand } from "./export.ts";
import { addImportCommand } from "./import.ts";
import { addRollbackCommand } from "./rollback.ts";

/** The commands for the database of a chain. While a node runs it, only `backup` works. */
export function addDbCommand(program: Command, output: Output): void {
  const db = program
    .command("db")
    .description("back up the database of a chain; with the node stopped, check, roll back, export or import it");
  addBackupCommand(db, output);
  addCheckCommand(db, output);
  addRollbackCommand(db, output);
  addExportCommand(db, output);
  addImportCommand(db, output);
  addHelpCommand(db);
}
