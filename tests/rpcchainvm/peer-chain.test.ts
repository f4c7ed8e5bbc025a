import { expect, test } from "bun:test";
import { idToBytes } from "../../src/core/id.ts";
import { peerHeadKey } from "../../src/core/peer-block.ts";
import { Log } from "../../src/log.ts";
import { GrpcClient } from "../../src/rpcchainvm/grpc-client.ts";
import { NodeDatabase } from "../../src/rpcchainvm/node-database.ts";
import { settlePeerChain } from "../../src/rpcchainvm/peer-chain.ts";
import { chainOn, genesis, genesisBytes } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { FakeDatabase } from "../support/fake-database.ts";
import { GrpcPeer } from "../support/grpc-peer.ts";
import { peerEntries } from "../support/peer-chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** Takes over what stands in a database whose answers take `msPerCall` each. Gives what was settled, and the log. */
async function takeOver(entries: ReturnType<typeof peerEntries>, msPerCall: number) {
  using directory = temporaryDirectory();
  const fake = new FakeDatabase();
  for (const [key, value] of entries) fake.set(key, value);
  const clock = new FakeClock();
  fake.before = () => clock.advanceMs(msPerCall);
  await using peer = await GrpcPeer.listen((router) => fake.addTo(router));
  const client = new GrpcClient(peer.address);
  const lines: Record<string, unknown>[] = [];
  const log = new Log((line) => lines.push(JSON.parse(line)));
  const file = directory.file("timestampvm.db");
  const settled = await settlePeerChain(new NodeDatabase(client), { file, genesisBytes, log, clock });
  client.close();
  return { settled, lines, made: await Bun.file(file).exists() };
}

const blocks = [genesis, ...chainOn(genesis, 11)];
const head = blocks.at(-1) ?? genesis;

test("says every five seconds how far it is, and at the end how it ended", async () => {
  const { settled, lines } = await takeOver(peerEntries(blocks), 1_000);
  expect(settled).toMatchObject({ marker: { height: 11n, id: head.id }, peerHead: head.id });
  const event = "taking over the chain of timestampvm-rs";
  expect(lines).toMatchObject([
    { level: "info", event, blocks: 5, height: 7 },
    { level: "info", event, blocks: 10, height: 2 },
    { level: "info", event: "took over the chain of timestampvm-rs", lastAccepted: head.id, height: 11, ms: 12_000 },
  ]);
});

test("says nothing where there is no such chain, and makes no file", async () => {
  const settled = { marker: undefined, peerHead: undefined };
  expect(await takeOver([], 10_000)).toEqual({ settled, lines: [], made: false });
  const noId: [Uint8Array, Uint8Array] = [peerHeadKey, idToBytes(head.id).slice(1)];
  expect(await takeOver([noId], 10_000)).toEqual({ settled, lines: [], made: false });
});
