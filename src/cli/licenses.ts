import { readFileSync } from "node:fs";
import type { Command } from "commander";
import licenses from "../../THIRD_PARTY_LICENSES.txt" with { type: "file" };
import { codeOf } from "../avalanche/coded-error.ts";
import { helpAfter } from "./help.ts";
import type { Output } from "./terminal/output.ts";

/** Prints the licences of the program and of all that is in its executable. */
export function addLicensesCommand(program: Command, { out }: Output): void {
  program
    .command("licenses")
    .description("print the licences of this program and of what is in it")
    .addHelpText("after", helpAfter({ examples: ["timestampvm licenses > licenses.txt"] }))
    .action(() => {
      try {
        out(readFileSync(licenses));
      } catch (error) {
        if (codeOf(error) !== "EPIPE") throw error; // the reader stopped, such as a pager: no error
      }
    });
}
