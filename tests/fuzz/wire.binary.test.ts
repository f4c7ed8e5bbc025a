import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { idFromBytes } from "../../src/avalanche/id.ts";
import { sha256 } from "../../src/avalanche/sha256.ts";
import { genesis } from "../support/chain.ts";
import { FakeNode } from "../support/fake-node.ts";
import type { Plugin } from "../support/plugin.ts";
import { statusOf } from "../support/status.ts";
import { Attack } from "./attack.ts";
import { textOfBytes } from "./block-texts.ts";
import { recordedBlocks, recordedCalls } from "./corpus.ts";
import { Random } from "./random.ts";
import { residentMb } from "./resident.ts";
import { roundsTimeoutMs, runRounds } from "./rounds.ts";

setDefaultTimeout(roundsTimeoutMs);

// A plugin under a node that says anything: every call of vm.VM and http.HTTP, in any order, many at a time, before
// Initialize, on a chain, and after Shutdown.

const burstsOnChain = 3;
/** Some messages have 2 MiB, and many calls run at a time. */
const maxResidentMb = 400;

describe("whatever a node and its peers send", () => {
  test("blocks of the corpus are taken as serde took them", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await plugin.start();
    const checks = recordedBlocks.map(async ({ bytes, canonical }) => {
      const isRefused = canonical === "" || timestampOf(canonical) > lastTimestamp;
      const calls = [plugin.vm.parseBlock({ bytes }), plugin.vm.batchedParseBlock({ request: [genesis.bytes, bytes] })];
      const statuses = await Promise.all(calls.map(statusOf));
      const status = isRefused ? "InvalidArgument" : "OK";
      expect(statuses, textOfBytes(bytes)).toEqual([status, status]);
    });
    await Promise.all(checks);
  });

  test("requests of the corpus are answered in every phase", async () => {
    await using node = await FakeNode.start();
    const plugin = await node.startPlugin();
    await using attack = await Attack.start(plugin, new Random(0));
    const phases = [() => Promise.resolve(), () => plugin.start(), () => plugin.vm.shutdown({})];
    for (const next of phases) {
      await next();
      for (const { path, request } of recordedCalls) await attack.request(path, request);
    }
    expectLog(plugin);
  });

  test("the plugin answers, stays alive, builds and accepts blocks, and logs no bug", async () => {
    await runRounds({ short: 2, round });
  });
});

async function round(seed: number): Promise<void> {
  const random = new Random(seed);
  await using node = await FakeNode.start();
  const plugin = await node.startPlugin();
  await using attack = await Attack.start(plugin, random);
  await attack.burst("new");
  await plugin.start();
  for (let i = 0; i < burstsOnChain; i++) {
    await attack.burst("open");
    await expectAlive(plugin);
    attack.world.verified(await expectChain(plugin, `block ${i} of round ${seed}`));
  }
  await plugin.vm.shutdown({});
  await attack.burst("shut down");
  plugin.process.kill("SIGTERM");
  expect(await plugin.exit).toBe(0);
  await plugin.log.ended;
  expectLog(plugin);
}

/** The end of the year 9999: later times cannot be said to the node. */
const lastTimestamp = 253_402_300_799n;

function timestampOf(canonical: string): bigint {
  return BigInt(/"timestamp":(\d+)/.exec(canonical)?.[1] ?? 0);
}

async function expectAlive(plugin: Plugin): Promise<void> {
  const { vm, health } = plugin;
  expect((await vm.version({})).version).not.toBe("");
  expect(JSON.parse(new TextDecoder().decode((await vm.health({})).details))).toBeObject();
  expect((await health.check({})).status).toBe(1);
  expect(residentMb(plugin)).toBeLessThan(maxResidentMb);
}

/** The chain goes on by a block, and is whole down to its genesis. Gives the bytes of the block. */
async function expectChain(plugin: Plugin, text: string): Promise<Uint8Array> {
  const { height } = await plugin.vm.setState({ state: 1 });
  await plugin.toNormalOperation();
  const block = await plugin.proposeAndAccept(text);
  expect(block.height).toBe(height + 1n);
  expect((await plugin.vm.getBlockIDAtHeight({ height: block.height })).blkId).toEqual(block.id);
  const limits = { maxBlocksNum: 2_000, maxBlocksSize: 2 ** 30, maxBlocksRetrivalTime: 10n ** 10n };
  const { blksBytes } = await plugin.vm.getAncestors({ blkId: block.id, ...limits });
  expect(blksBytes.length).toBe(Number(block.height) + 1);
  let id = block.id;
  for (const bytes of blksBytes) {
    expect(sha256(bytes)).toEqual(Buffer.from(id));
    id = (await plugin.vm.parseBlock({ bytes })).parentId;
  }
  expect(blksBytes.at(-1)).toEqual(genesis.bytes);
  expect(idFromBytes(id)).toBe(genesis.parentId);
  return block.bytes;
}

/** Errors are logged for what no node sends: requests that are no protobuf, and ids of a wrong length. */
function expectLog({ log }: Plugin): void {
  const expected = ["call failed", "cannot initialize"];
  const errors = log.lines.filter(({ level, event }) => level === "error" && !expected.includes(event));
  expect(errors.filter(({ error }) => !String(error).includes("malformed id"))).toEqual([]);
}
