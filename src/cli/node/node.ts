import type { Command } from "commander";
import { addCheckProofCommand } from "../check-proof.ts";
import type { Output } from "../terminal/output.ts";
import { addBlockCommand } from "./block.ts";
import { addBlocksCommand } from "./blocks.ts";
import { addFindCommand } from "./find.ts";
import { addProofCommand } from "./proof.ts";
import { addStampCommand } from "./stamp.ts";
import { addStatusCommand } from "./status.ts";

/** What people do with a chain, over its API. */
export function addChainCommands(program: Command, output: Output): void {
  addStatusCommand(program, output);
  addBlockCommand(program, output);
  addBlocksCommand(program, output);
  addStampCommand(program, output);
  addFindCommand(program, output);
  addProofCommand(program, output);
  addCheckProofCommand(program, output);
}
