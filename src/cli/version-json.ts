import type { Command } from "commander";
import { vmIdFromName } from "../core/vm-id.ts";
import type { About } from "./about.ts";

/** What tools ask before they install a VM (avalanchego v1.14.2, tests/fixture/tmpnet/network.go:1046). */
export function addVersionJsonCommand(program: Command, about: About, out: (text: string) => void): void {
  const { name, version, protocolVersion } = about;
  program
    .command("version-json")
    .description("print name, VM id, version and protocol as JSON")
    .action(() => out(`${JSON.stringify({ name, vmid: vmIdFromName(name), version, rpcchainvm: protocolVersion })}\n`));
}
