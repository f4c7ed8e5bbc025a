import { expect, test } from "bun:test";
import { idToBytes } from "../../src/avalanche/id.ts";
import { Log } from "../../src/log.ts";
import { NodeRecord } from "../../src/plugin/node-record.ts";
import { logLeftOff, settleRsChain } from "../../src/plugin/rs/read-chain.ts";
import { rsHeadKey } from "../../src/plugin/rs/stored-block.ts";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { NodeDatabase } from "../../src/rpcchainvm/node/database.ts";
import { serveDatabase } from "../fake-node/database-server.ts";
import { FakeDatabase } from "../fake-node/fake-database.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { acceptAll, chainOn, childOf, genesis, genesisBytes, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { rsEntries } from "../support/rs-chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/**
 * Takes over what stands in a database whose answers take `msPerCall` each, and then what stands there `later`. Gives what
 * was settled at last, and its log.
 */
async function takeOver(entries: ReturnType<typeof rsEntries>, msPerCall: number, later?: typeof entries) {
  using directory = temporaryDirectory();
  const fake = new FakeDatabase();
  const clock = new FakeClock();
  fake.before = () => clock.advanceMs(msPerCall);
  await using peer = await GrpcPeer.listen((router) => serveDatabase(router, fake));
  const client = new GrpcClient(peer.address);
  const record = new NodeRecord(new NodeDatabase(client));
  const file = directory.file("timestampvm.db");
  const settle = async (now: typeof entries) => {
    for (const [key, value] of now) fake.set(key, value);
    const lines: Record<string, unknown>[] = [];
    const log = new Log((line) => lines.push(JSON.parse(line)));
    const settled = await settleRsChain(record, { file, genesisBytes, log, clock });
    return { settled, lines, made: await Bun.file(file).exists() };
  };
  const first = await settle(entries);
  const { marker } = first.settled;
  if (marker !== undefined) await record.writeHeadMarker(marker);
  const last = later === undefined ? first : await settle(later);
  client.close();
  return last;
}

const blocks = [genesis, ...chainOn(genesis, 11)];
const head = blocks.at(-1) ?? genesis;

test("says every five seconds how far it is, and at the end how it ended", async () => {
  const { settled, lines } = await takeOver(rsEntries(blocks), 1_000);
  expect(settled).toMatchObject({ marker: { height: 11n, id: head.id }, rsHead: head.id });
  const event = "taking over the chain of timestampvm-rs";
  expect(lines).toMatchObject([
    { level: "info", event, blocks: 5, height: 7 },
    { level: "info", event, blocks: 10, height: 2 },
    { level: "info", event: "took over the chain of timestampvm-rs", lastAccepted: head.id, height: 11, ms: 12_000 },
  ]);
});

test("says as often how far it is with looking for what our file has too", async () => {
  const { lines } = await takeOver(rsEntries(blocks.slice(0, 2)), 1_000, rsEntries(blocks));
  const [looking, taking] = [
    "looking for where the chain of timestampvm-rs leaves ours",
    "taking over the chain of timestampvm-rs",
  ];
  expect(lines).toMatchObject([
    { level: "info", event: looking, blocks: 5 },
    { level: "info", event: looking, blocks: 10 },
    { level: "info", event: taking, blocks: 5, height: 7 },
    { level: "info", event: taking, blocks: 10, height: 2 },
    { level: "info", event: "took over the chain of timestampvm-rs", lastAccepted: head.id, height: 11, ms: 20_000 },
  ]);
});

test("reports the blocks that timestampvm-rs went on without", async () => {
  const common = blocks.slice(0, 6);
  const other = childOf(common.at(-1) ?? genesis, "another");
  const { settled, lines } = await takeOver(rsEntries(blocks), 0, rsEntries([...common, other]));
  expect(settled).toMatchObject({ marker: { height: 6n, id: other.id }, rsHead: other.id });
  expect(lines).toMatchObject([
    { level: "warn", event: "timestampvm-rs went on without these blocks", from: 11, to: 5, lastAccepted: head.id },
    { level: "info", event: "took over the chain of timestampvm-rs", lastAccepted: other.id, height: 6 },
  ]);
});

test("names the cure for a node that went back to where timestampvm-rs left off, while ours is above that", () => {
  const { vm } = startVm();
  acceptAll(vm, chainOn(genesis, 2));
  const lines: Record<string, unknown>[] = [];
  const log = new Log((line) => lines.push(JSON.parse(line)));
  const options = { file: "/data/timestampvm.db", genesisBytes, log, clock: new FakeClock() };
  for (const id of [vm.lastAccepted.id, head.id]) logLeftOff(vm, options, id); // nothing is above; it is not ours
  logLeftOff(vm, options, genesis.id);
  expect(lines).toMatchObject([
    { height: 0, cure: expect.stringContaining("db rollback /data/timestampvm.db --to 0") },
  ]);
});

test("says nothing where there is no such chain, and makes no file", async () => {
  const settled = { marker: undefined, rsHead: undefined };
  expect(await takeOver([], 10_000)).toEqual({ settled, lines: [], made: false });
  const noId: [Uint8Array, Uint8Array] = [rsHeadKey, idToBytes(head.id).slice(1)];
  expect(await takeOver([noId], 10_000)).toEqual({ settled, lines: [], made: false });
});
