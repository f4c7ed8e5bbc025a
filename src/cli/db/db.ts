import type { Command } from "commander";
import type { Output } from "../terminal/output.ts";
import { addCheckCommand } from "./check.ts";
import { addExportCommand } from "./export.ts";
import { addImportCommand } from "./import.ts";
import { addRollbackCommand } from "./rollback.ts";

/** The commands for the database of a chain, while no node runs it. */
export function addDbCommand(program: Command, output: Output): void {
  const db = program
    .command("db")
    .helpCommand(false)
    .description("check, roll back, export or import the database of a chain, with the node stopped");
  addCheckCommand(db, output);
  addRollbackCommand(db, output);
  addExportCommand(db, output);
  addImportCommand(db, output);
}
