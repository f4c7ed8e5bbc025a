import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { FakeNode } from "../fake-node/fake-node.ts";
import type { Plugin } from "../fake-node/plugin.ts";
import { newestProtocol } from "../fake-node/protocols.ts";
import { Lanes } from "../support/lanes.ts";
import { errorOf } from "../support/status.ts";

const bareVm = [process.execPath, fileURLToPath(new URL("bare-vm.ts", import.meta.url))];

/** A node of the VM in bare-vm.ts. */
function bareNode(protocol: number, ...faults: readonly string[]): FakeNode {
  return new FakeNode({ protocol, command: [...bareVm, ...faults], name: "bare", genesisBytes: new Uint8Array() });
}

/** Each life is a handful of processes. */
const lanes = new Lanes(4);

async function askForBlock(plugin: Plugin): Promise<void> {
  const { status } = await plugin.ask({ method: "POST", url: "/ext/bc/bare/ask" });
  expect(status).toBe(200);
}

test.concurrent.each([16, 22, 30, 41, newestProtocol])("protocol %d: a VM has a life", async (protocol) => {
  await using node = bareNode(protocol);
  const { height } = await lanes.run(() => node.leadLife(askForBlock));
  expect(height).toBe(2n);
  expect(node.database.entries.get("chain")?.length).toBe(3 * 40);
});

test.concurrent.each([
  ["cuts its ids", "parseBlock: id has 31 bytes"],
  ["knows no time", "initialize: the timestamp is missing"],
  ["forgets its head", "Initialize gives another block than was accepted last"],
  ["builds on genesis", "BuildBlock builds on another block than the preferred one"],
  ["has no heights", "GetBlockIDAtHeight gives another block"],
  ["answers in an unknown number", "error 9 is none"],
  ["fears gossip", "what is this?"],
  ["closes the database", "the VM closed the node's database"],
  ["ends with an error", "the plugin's exit code"],
])("a VM that %s has no life", async (fault, problem) => {
  await using node = bareNode(newestProtocol, fault);
  expect((await lanes.run(() => errorOf(node.leadLife(askForBlock)))).rawMessage).toContain(problem);
});
