import type { Command } from "commander";
import { vmIdFromName } from "../avalanche/vm-id.ts";

/** Prints the id of a VM by its name. */
export function addVmIdCommand(program: Command, out: (text: string) => void): void {
  const command = program
    .command("vm-id")
    .description("print the VM id for a name: the name of its file in the plugins directory")
    .argument("<name>", "at most 32 bytes")
    .action((name: string) => {
      const id = vmIdFromName(name);
      if (id === undefined) {
        const { length } = new TextEncoder().encode(name);
        command.error(`non-hashed name must be <= 32 bytes, found ${length}`);
      }
      out(`${id}\n`);
    });
}
