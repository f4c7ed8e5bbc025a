import { type Command, InvalidArgumentError } from "commander";
import { vmIdFromName } from "../avalanche/vm-id.ts";
import type { About } from "./about.ts";
import { expectNotEmpty } from "./expect-meant.ts";
import { helpAfter } from "./help.ts";
import type { Output } from "./terminal/output.ts";

/** Tools run this before they install a VM (avalanchego v1.14.2, tests/fixture/tmpnet/network.go:1046). */
export function addVersionJsonCommand(program: Command, about: About, { json }: Output): void {
  const { name, version, protocols } = about;
  const { oldest, newest } = protocols;
  const parseProtocol = (text: string) => {
    expectNotEmpty(text);
    const protocol = /^\d+$/.test(text) ? Number(text) : 0;
    if (protocol < oldest || protocol > newest)
      throw new InvalidArgumentError(`not a whole number from ${oldest} to ${newest}.`);
    return protocol;
  };
  program
    .command("version-json")
    .description("print the name, the VM id, the version and the protocol as JSON, for tools")
    .option(
      "--rpcchainvm <protocol>",
      `the RPCChainVM protocol to print, ${oldest} to ${newest}: for tools that expect that of their node`,
      parseProtocol,
      protocols.default,
    )
    .addHelpText("after", helpAfter({ examples: ["timestampvm version-json"] }))
    .action(({ rpcchainvm }: { rpcchainvm: number }) => json({ name, vmid: vmIdFromName(name), version, rpcchainvm }));
}
