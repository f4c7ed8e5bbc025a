import type { Command } from "commander";
import { formatGenesis } from "../core/genesis.ts";
import { helpAfter } from "./help.ts";

/** Prints the genesis of a new chain. */
export function addGenesisCommand(program: Command, out: (text: string) => void): void {
  program
    .command("genesis")
    .description("print the genesis of a new chain, whose first block carries <data>")
    .argument("<data>", "any text")
    .addHelpText(
      "after",
      helpAfter({
        notes: ['The data is not empty: for a first block without data, write {"data":""} into the file yourself.'],
        examples: ['timestampvm genesis "Hello, world" > genesis.json'],
      }),
    )
    .action((data: string) => out(`${formatGenesis(data)}\n`));
}
