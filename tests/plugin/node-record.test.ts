import { afterEach, beforeEach, expect, test } from "bun:test";
import { idToBytes } from "../../src/avalanche/id.ts";
import { headMarkerKey } from "../../src/plugin/head-marker.ts";
import { NodeRecord } from "../../src/plugin/node-record.ts";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { NodeDatabase } from "../../src/rpcchainvm/node/database.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import { serveDatabase } from "../fake-node/database-server.ts";
import { FakeDatabase } from "../fake-node/fake-database.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { bytesOf, chainOn, genesis } from "../support/chain.ts";
import { errorOf } from "../support/status.ts";

const marker: HeadMarker = { instanceId: new Uint8Array(16).fill(7), height: 0n, id: genesis.id };

let fake: FakeDatabase;
let peer: GrpcPeer;
let client: GrpcClient;
let record: NodeRecord;

beforeEach(async () => {
  fake = new FakeDatabase();
  peer = await GrpcPeer.listen((router) => serveDatabase(router, fake));
  client = new GrpcClient(peer.address);
  record = new NodeRecord(new NodeDatabase(client));
});
afterEach(async () => {
  client.close();
  await peer[Symbol.asyncDispose]();
});

test("a marker is read as it was written", async () => {
  expect(await record.readHeadMarker()).toBeUndefined();
  await record.writeHeadMarker(marker);
  expect(await record.readHeadMarker()).toEqual(marker);
  fake.set(headMarkerKey, bytesOf("junk"));
  expect(await record.readHeadMarker()).toBeUndefined();
});

test("what is seen of timestampvm-rs is kept beside what it wrote, and what is no id is none", async () => {
  const { id } = genesis;
  expect([await record.readRsHead(), await record.readSeenRsHead()]).toEqual([undefined, undefined]);
  fake.set(bytesOf("last_accepted_block"), idToBytes(id));
  expect([await record.readRsHead(), await record.readSeenRsHead()]).toEqual([id, undefined]);
  await record.writeSeenRsHead(id);
  expect(fake.entries.get("timestampvm/v1/rs-head")).toEqual(idToBytes(id));
  expect(await record.readSeenRsHead()).toBe(id);
  fake.set(bytesOf("last_accepted_block"), new Uint8Array(33));
  expect(await record.readRsHead()).toBeUndefined();
});

test("markers arrive in the order of the calls, past one that failed", async () => {
  const blocks = chainOn(genesis, 3);
  let puts = 0;
  fake.before = () => {
    fake.closed = ++puts === 2;
  };
  const written = blocks.map(({ id, height }) => record.writeHeadMarker({ ...marker, id, height }));
  const [first, second, third] = await Promise.allSettled(written);
  expect([first?.status, second?.status, third?.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
  fake.before = () => {};
  expect((await record.readHeadMarker())?.height).toBe(3n);
});

test("what the database refuses is an error in its own words", async () => {
  fake.closed = true;
  const { rawMessage } = await errorOf(record.writeHeadMarker(marker));
  expect(rawMessage).toBe("the node's database answered Put with error 1");
});
