import { expect, test } from "bun:test";
import { parseBlock } from "../../src/core/block.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";

/** Builds, verifies and accepts until there is nothing to build. Gives the texts, in order. */
async function decideAll(plugin: Plugin): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const { details } = await plugin.vm.health({});
    if (JSON.parse(new TextDecoder().decode(details)).mempool.items === 0) return texts;
    await plugin.vm.waitForEvent({});
    const { id, bytes } = await plugin.vm.buildBlock({});
    await plugin.vm.blockVerify({ bytes });
    await plugin.vm.setPreference({ id });
    await plugin.vm.blockAccept({ id });
    texts.push(new TextDecoder().decode(parseBlock(bytes).data));
  }
}

test.concurrent("a plugin that was killed proposes again what it acknowledged, with nobody asking", async () => {
  await using node = await FakeNode.start();
  const first = await node.startPlugin();
  await first.start();
  await first.propose("one");
  await first.proposeAndVerify("two"); // verified, and never decided
  await first.propose("three");
  await first.kill9();

  const second = await node.startPlugin();
  await second.start();
  expect(await decideAll(second)).toEqual(["one", "two", "three"]);
  await second.kill9();

  const third = await node.startPlugin();
  await third.start();
  expect(await decideAll(third)).toEqual([]);
  expect(await third.call("lastAccepted")).toHaveProperty("id");
});

test.concurrent("a plugin killed in the middle of proposals has lost none that it answered", async () => {
  await using node = await FakeNode.start();
  const acknowledged: string[] = [];
  for (let life = 0; life < 3; life++) {
    const plugin = await node.startPlugin();
    await plugin.start();
    const proposing = Array.from({ length: 200 }, async (_, i) => {
      const text = `${i} of life ${life}`;
      await plugin.propose(text);
      acknowledged.push(text);
      if (acknowledged.length === 30 * (life + 1)) await plugin.kill9();
    });
    await Promise.allSettled(proposing);
    await plugin.kill9();
  }
  const last = await node.startPlugin();
  await last.start();
  const found = await decideAll(last);
  expect(acknowledged.length).toBeGreaterThanOrEqual(90);
  expect(acknowledged.filter((text) => !found.includes(text))).toEqual([]);
  expect(new Set(found).size, "and none twice").toBe(found.length);
});
