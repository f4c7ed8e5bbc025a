import { afterEach, beforeEach, expect, test } from "bun:test";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { NodeDatabase } from "../../src/rpcchainvm/node/database.ts";
import { serveDatabase } from "../fake-node/database-server.ts";
import { FakeDatabase } from "../fake-node/fake-database.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { bytesOf } from "../support/chain.ts";
import { errorOf } from "../support/status.ts";

let fake: FakeDatabase;
let peer: GrpcPeer;
let client: GrpcClient;
let database: NodeDatabase;

beforeEach(async () => {
  fake = new FakeDatabase();
  peer = await GrpcPeer.listen((router) => serveDatabase(router, fake));
  client = new GrpcClient(peer.address);
  database = new NodeDatabase(client);
});
afterEach(async () => {
  client.close();
  await peer[Symbol.asyncDispose]();
});

test("a value is found under its key, and an empty one is not none", async () => {
  fake.set(bytesOf("key"), bytesOf("value"));
  fake.set(bytesOf("empty"), new Uint8Array());
  expect(await database.get(bytesOf("key"))).toEqual(bytesOf("value"));
  expect(await database.get(bytesOf("empty"))).toEqual(new Uint8Array());
  expect(await database.get(bytesOf("other"))).toBeUndefined();
});

test("writes arrive in the order of the calls, past one that failed", async () => {
  let puts = 0;
  fake.before = () => {
    fake.closed = ++puts === 2;
  };
  const written = ["first", "second", "third"].map((value) => database.put(bytesOf("key"), bytesOf(value)));
  const [first, second, third] = await Promise.allSettled(written);
  expect([first?.status, second?.status, third?.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
  fake.before = () => {};
  expect(await database.get(bytesOf("key"))).toEqual(bytesOf("third"));
});

test("what the database refuses is an error in its own words", async () => {
  fake.closed = true;
  expect((await errorOf(database.get(bytesOf("key")))).rawMessage).toBe(
    "the node's database answered Get with error 1",
  );
  const { rawMessage } = await errorOf(database.put(bytesOf("key"), bytesOf("value")));
  expect(rawMessage).toBe("the node's database answered Put with error 1");
});
