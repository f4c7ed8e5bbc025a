import { expect, test } from "bun:test";
import * as http2 from "node:http2";
import { encodeGossip, maxGossipItems } from "../../src/plugin/gossip.ts";
import { answerOn, frame, RawCaller } from "../fake-node/raw-grpc.ts";
import { bytesOf } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { runs } from "../support/runs.ts";
import { lengthDelimited } from "./protobuf.ts";
import { Random } from "./random.ts";
import { residentMb } from "./resident.ts";

// A leak of a kilobyte per call shows after some thousands; the long run is for the small ones. Where there is no /proc,
// nobody looks at the memory.

const cycles = runs(1_500, 100_000);
const messages = runs(2_250, 1_000_000);
const samples = runs(15, 200);
const maxGrowthMb = runs(30, 15);

/** Resident memory of a plugin over time: what it holds in the second third of a run, and in the last. */
class MemoryCurve {
  readonly #plugin: Plugin;
  readonly #samplesMb: number[] = [];

  constructor(plugin: Plugin) {
    this.#plugin = plugin;
  }

  sample(): void {
    this.#samplesMb.push(residentMb(this.#plugin));
  }

  /** The first third warms up; the others must be near each other. */
  expectFlat(): void {
    const third = Math.floor(this.#samplesMb.length / 3);
    const [first = 0, middle = 0, last = 0] = [0, 1, 2].map((i) =>
      lowerQuartile(this.#samplesMb.slice(i * third, (i + 1) * third)),
    );
    if (process.env.LONG_TESTS) process.stderr.write(`memory by thirds: ${[first, middle, last].map(Math.round)} MB\n`);
    expect(last - middle).toBeLessThan(maxGrowthMb);
  }
}

/** What is held when most garbage is gone. */
function lowerQuartile(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 2] ?? 0;
}

test("WaitForEvent can be cancelled and asked again without end", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  await plugin.start();
  using caller = new RawCaller(plugin.handshake.addr);
  const memory = new MemoryCurve(plugin);
  const empty = frame(new Uint8Array());
  for (let done = 0; done < cycles; done++) {
    const waiting = caller.open("/vm.VM/WaitForEvent");
    waiting.end(empty);
    if (done % 10 === 0) await caller.call("/vm.VM/Version", [empty]); // it waits; most others are cancelled before
    const closed = answerOn(waiting);
    waiting.close(http2.constants.NGHTTP2_CANCEL);
    await closed;
    if (done % (cycles / samples) === 0) memory.sample();
  }
  memory.expectFlat();
  const event = plugin.vm.waitForEvent({});
  await plugin.propose("at last");
  await event;
});

/** A new item among as many as are read, and behind them what nobody reads: together, all that the node lets through. */
function fullMessage(text: string): Uint8Array {
  const items = Array.from({ length: maxGossipItems }, (_, i) => bytesOf(i === 0 ? text : ""));
  return Buffer.concat([encodeGossip(items), new Uint8Array(2_000_000)]);
}

/** As the node sends it, from one of a hundred peers. */
function gossipFrom(peer: number, msg: Uint8Array): Uint8Array {
  return frame(Buffer.concat([lengthDelimited(1, new Uint8Array(20).fill(peer)), lengthDelimited(2, msg)]));
}

test("gossip of any kind, without end, takes no more memory", async () => {
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  await plugin.start({ configBytes: bytesOf('{"maxMempoolItems":1000,"durability":"normal"}') });
  using caller = new RawCaller(plugin.handshake.addr);
  const memory = new MemoryCurve(plugin);
  const random = new Random(1);
  const together = 50;
  for (let done = 0; done < messages; done += together) {
    const sent = Array.from({ length: together }, (_, i) => {
      const fresh = encodeGossip([bytesOf(`${done + i}`), random.bytes(random.below(200))]);
      const stale = encodeGossip([bytesOf(`${random.below(done + 1)}`)]);
      const message = random.pick([fresh, stale, random.bytes(random.below(500))]);
      return caller.call("/vm.VM/AppGossip", [gossipFrom(random.below(100), message)]);
    });
    for (const { trailers } of await Promise.all(sent)) expect(trailers["grpc-status"]).toBe("0");
    if (done > 0 && done % (messages / samples) === 0) {
      await acceptBlocks(plugin, runs(5, 150));
      for (let i = 0; i < 5; i++) {
        await caller.call("/vm.VM/AppGossip", [gossipFrom(i, fullMessage(`${i} in a full message after ${done}`))]);
      }
      memory.sample();
    }
  }
  memory.expectFlat();
});

/** Makes room for more: so many of those that wait go into blocks. */
async function acceptBlocks({ vm }: Plugin, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { id, bytes } = await vm.buildBlock({});
    await vm.blockVerify({ bytes });
    await vm.setPreference({ id });
    await vm.blockAccept({ id });
  }
}
