import { describe, expect, test } from "bun:test";
import { State } from "../../gen/vm/vm_pb.ts";
import { within } from "../fake-node/deadline.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { protocolWithin } from "../support/test-protocol.ts";

/** Long enough for a message that must not come: one that is due comes every quarter of a second. */
const aWhileMs = 1_500;

/** A plugin that reports to its node's engine, as it does until protocol 41, what is to be built. */
function testNotify(name: string, run: (plugin: Plugin, node: FakeNode) => Promise<void>): void {
  test.concurrent(name, async () => {
    await using node = await FakeNode.start({ protocol: protocolWithin(16, 41) });
    const plugin = await node.startPlugin();
    await plugin.start();
    await run(plugin, node);
  });
}

function nextMessage({ vm }: Plugin) {
  return vm.waitForEvent({});
}

/** How many messages come meanwhile. One may have been under way. */
async function messagesIn({ node }: Plugin, ms: number): Promise<number> {
  const { sent } = node.events;
  await Bun.sleep(ms);
  return node.events.sent - sent;
}

describe("until protocol 41, the engine hears", () => {
  testNotify("again and again while there is something to build", async (plugin) => {
    await plugin.propose("data");
    await nextMessage(plugin);
    for (let i = 0; i < 4; i++) await nextMessage(plugin); // the engine could not build
  });

  testNotify("nothing while the chain is bootstrapped, and then at once", async (first, node) => {
    await first.propose("left over");
    await first.shutDown();
    const plugin = await node.startPlugin();
    const { lastAcceptedId } = await plugin.initialize();
    await plugin.vm.setState({ state: State.BOOTSTRAPPING });
    expect(await messagesIn(plugin, aWhileMs)).toBe(0);
    await plugin.vm.setPreference({ id: lastAcceptedId });
    await plugin.vm.setState({ state: State.NORMAL_OP });
    await nextMessage(plugin);
  });
});

describe("until protocol 41, no harm is done by", () => {
  testNotify("a queue that is full: what is to be built is reported when there is room", async (plugin) => {
    const { events } = plugin.node;
    await plugin.propose("data");
    await within(
      "two refusals",
      events.until(() => events.refused >= 2),
    );
    await nextMessage(plugin);
    await nextMessage(plugin);
    const { id, bytes } = await plugin.vm.buildBlock({});
    await plugin.vm.blockVerify({ bytes });
    await plugin.vm.setPreference({ id });
    await plugin.vm.blockAccept({ id });
    expect(plugin.log.lines.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  });

  testNotify("a node that no longer listens", async (plugin) => {
    await plugin.node.others[Symbol.asyncDispose]();
    await plugin.propose("data");
    const { id, bytes } = await plugin.vm.buildBlock({});
    await plugin.vm.blockVerify({ bytes });
    await plugin.vm.setPreference({ id });
    await plugin.vm.blockAccept({ id });
    expect(await plugin.shutDown()).toBe(0);
  });
});
