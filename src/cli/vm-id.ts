import type { Command } from "commander";
import { vmIdFromName } from "../avalanche/vm-id.ts";
import { helpAfter } from "./help.ts";

/** Prints the id of a VM by its name. */
export function addVmIdCommand(program: Command, out: (text: string) => void): void {
  const command = program
    .command("vm-id")
    .description("print the VM id for a name: a plugin's file has its VM id as its name")
    .argument("<name>", "the name of a VM: at most 32 bytes")
    .addHelpText("after", helpAfter({ examples: ["timestampvm vm-id timestampvm"] }))
    .action((name: string) => {
      const id = vmIdFromName(name);
      if (id === undefined) {
        const { length } = new TextEncoder().encode(name);
        command.error(`error: non-hashed name must be <= 32 bytes, found ${length}`);
      }
      out(`${id}\n`);
    });
}
