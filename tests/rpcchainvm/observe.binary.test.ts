import { describe, expect, test } from "bun:test";
import { idFromBytes } from "../../src/avalanche/id.ts";
import { frame, RawCaller } from "../fake-node/raw-grpc.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { protocolWithin } from "../support/test-protocol.ts";

async function metricsOf({ vm }: Plugin): Promise<Record<string, number>> {
  const { metricFamilies } = await vm.gather({});
  return Object.fromEntries(
    metricFamilies.map(({ name, metric: [metric] }) => [name, metric?.gauge?.value ?? metric?.counter?.value ?? NaN]),
  );
}

describe("Gather", () => {
  test.concurrent("counts what happened", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    await plugin.proposeAndAccept("one");
    const block = await plugin.proposeAndVerify("two");
    await plugin.propose("three");
    expect(await metricsOf(plugin)).toMatchObject({
      last_accepted_height: 1,
      processing_blocks: 1,
      peers: 0,
      mempool_items: 2,
      mempool_bytes: "two".length + "three".length,
      blocks_built_total: 2,
      blocks_verified_total: 2,
      blocks_accepted_total: 1,
      blocks_rejected_total: 0,
      proposals_submitted_total: 3,
      proposals_gossiped_total: 0,
    });
    await plugin.vm.blockReject({ id: block.id });
    const metrics = await metricsOf(plugin);
    expect(metrics).toMatchObject({ processing_blocks: 0, mempool_items: 2, blocks_rejected_total: 1 });
    expect(metrics.database_bytes).toBeGreaterThan(0);
    expect(metrics.process_resident_memory_bytes).toBeGreaterThan(1_000_000);
  });
});

describe("Health", () => {
  test.concurrent("is valid JSON that says where the chain stands", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    const { id } = await plugin.proposeAndAccept("one");
    await plugin.propose("two");
    const { details } = await plugin.vm.health({});
    expect(JSON.parse(new TextDecoder().decode(details))).toMatchObject({
      state: "normal operation",
      lastAccepted: { id: idFromBytes(id), height: 1, timestamp: expect.any(Number) },
      processing: 0,
      mempool: { items: 1, bytes: 3, oldestSeconds: expect.any(Number) },
      databaseBytes: expect.any(Number),
    });
  });
});

describe("WaitForEvent", () => {
  test.concurrent("cancelled 2,000 times keeps one connection, and still wakes up", async () => {
    await using node = await FakeNode.start({ protocol: protocolWithin(42) });
    const plugin = await node.startPlugin();
    await plugin.start();
    using caller = new RawCaller(plugin.handshake.addr);
    let lost = false;
    caller.session.on("close", () => {
      lost = true;
    });
    const batch = 100;
    for (let done = 0; done < 2_000; done += batch) {
      const waiting = Array.from({ length: batch }, () => caller.open("/vm.VM/WaitForEvent"));
      for (const stream of waiting) stream.end(frame(new Uint8Array()));
      await caller.call("/vm.VM/Version", [frame(new Uint8Array())]); // they have arrived
      for (const stream of waiting) stream.close(8);
    }
    const event = caller.call("/vm.VM/WaitForEvent", [frame(new Uint8Array())]);
    await plugin.propose("data");
    expect((await event).trailers["grpc-status"]).toBe("0");
    expect(lost).toBe(false);
  });
});
