import { expect, test } from "bun:test";
import { State } from "../../gen/vm/vm_pb.ts";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import type { FirstSight } from "../../src/core/time-claim.ts";
import { BlockReader } from "../../src/store/block-reader.ts";
import { FakeNode } from "../support/fake-node.ts";

/** The node of `FakeNode`. */
const node = nodeIdFromBytes(new Uint8Array(20).fill(3));

/** Kills a plugin that has verified a block. The next one verifies and accepts it, in this state of the chain. */
async function sightAfterKill(
  state: State,
): Promise<{ readonly sight: FirstSight | undefined; readonly fromMs: number }> {
  await using fake = await FakeNode.start();
  const first = await fake.startPlugin();
  await first.start();
  const { id, bytes } = await first.proposeAndVerify("seen");
  await first.kill9();

  const second = await fake.startPlugin();
  await second.start();
  await second.vm.setState({ state });
  const fromMs = Date.now();
  await second.vm.blockVerify({ bytes });
  await second.vm.blockAccept({ id });
  await second.shutDown();
  const reader = BlockReader.openAlone(fake.databaseFile);
  const sight = reader.firstSightAt(1n);
  reader.close();
  return { sight, fromMs };
}

test.concurrent("a plugin killed between verify and accept has seen the block later, never earlier", async () => {
  const { sight, fromMs } = await sightAfterKill(State.NORMAL_OP);
  expect(sight).toMatchObject({ node, isImported: false });
  expect(sight?.ms).toBeGreaterThanOrEqual(fromMs);
  expect(sight?.ms).toBeLessThanOrEqual(Date.now());
});

test.concurrent("or has not seen it, if its node was still catching up", async () => {
  expect((await sightAfterKill(State.BOOTSTRAPPING)).sight).toBeUndefined();
});
