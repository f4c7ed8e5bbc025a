import { expect, test } from "bun:test";
import { leadLife } from "../fake-node/life.ts";
import { FakeNode } from "../support/fake-node.ts";

test("the plugin is led through two lives, and knows its block in the second", async () => {
  await using node = await FakeNode.start();
  const { height } = await leadLife(node, (plugin) => plugin.propose("data"));
  expect(height).toBe(2n);
});
