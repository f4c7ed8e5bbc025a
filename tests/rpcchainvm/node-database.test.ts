import { afterEach, beforeEach, expect, test } from "bun:test";
import { Code } from "@connectrpc/connect";
import * as fc from "fast-check";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { type Change, NodeDatabase, type Range } from "../../src/rpcchainvm/node/database.ts";
import { serveDatabase } from "../fake-node/database-server.ts";
import { FakeDatabase } from "../fake-node/fake-database.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { bytesOf } from "../support/chain.ts";
import { runs } from "../support/runs.ts";
import { errorOf } from "../support/status.ts";

const numRuns = runs(100, 5_000);

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

/** How often each kind of call was made. */
function countOf(name: string): number {
  return fake.calls.filter((call) => call.startsWith(name)).length;
}

async function entriesOf(range: Range, stopAfter = Number.POSITIVE_INFINITY): Promise<string[]> {
  const found: string[] = [];
  for await (const [key, value] of database.iterate(range)) {
    found.push(`${key.toHex()}=${value.toHex()}`);
    if (found.length >= stopAfter) break;
  }
  return found;
}

/** Few bytes, that keys meet; with both ends of the order, and an empty one. */
const someBytes = fc
  .array(fc.constantFrom(0x00, 0x61, 0x7f, 0x80, 0xff), { maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes));
const changes = fc.array(fc.record({ key: someBytes, value: fc.option(someBytes, { nil: undefined }) }), {
  maxLength: 8,
});

type Step = { readonly batch: readonly Change[] } | Change;

test("is a sorted map, for any calls, with iterations that end early", async () => {
  const iteration = fc.record({ start: someBytes, prefix: someBytes, stopAfter: fc.constantFrom(1, 2, 1_000) });
  const step = fc.oneof(
    changes.map((batch): Step => ({ batch })),
    changes.map(([change]): Step => change ?? { batch: [] }),
  );
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 10 }),
    iteration,
    async (steps, { stopAfter, ...range }) => {
      fake.entries.clear();
      const model = new Map<string, string>();
      const note = ({ key, value }: Change) =>
        value === undefined ? model.delete(key.toHex()) : model.set(key.toHex(), value.toHex());
      const written = steps.map((step) => {
        for (const change of "batch" in step ? step.batch : [step]) note(change);
        if ("batch" in step) return database.batch(step.batch);
        return step.value === undefined ? database.delete(step.key) : database.put(step.key, step.value);
      });
      await Promise.all(written);
      const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
      const wanted = sorted
        .filter(([key]) => key >= range.start.toHex() && key.startsWith(range.prefix.toHex()))
        .map(([key, value]) => `${key}=${value}`);
      expect(await entriesOf(range, stopAfter)).toEqual(wanted.slice(0, stopAfter));
      expect(await entriesOf({})).toEqual(sorted.map(([key, value]) => `${key}=${value}`));
      const [key = "00"] = model.keys();
      expect(await database.has(Uint8Array.fromHex(key))).toBe(model.has(key));
      expect((await database.get(Uint8Array.fromHex(key)))?.toHex()).toBe(model.get(key));
      expect(countOf("iteratorRelease")).toBe(countOf("newIterator"));
    },
  );
  await fc.assert(property, { numRuns });
});

test("an iteration of many pages, one that breaks off, and one that the node fails are released", async () => {
  for (let i = 0; i < 5; i++) fake.set(Uint8Array.of(i), new Uint8Array(100_000));
  expect(await entriesOf({})).toHaveLength(5);
  expect(countOf("iteratorNext")).toBeGreaterThan(2);
  expect(await entriesOf({}, 1)).toHaveLength(1);
  const breaking = async () => {
    for await (const _ of database.iterate()) throw new Error("the VM's own");
  };
  expect((await errorOf(breaking())).rawMessage).toBe("the VM's own");
  fake.iterationFailure = "disk failed";
  expect((await errorOf(entriesOf({}))).rawMessage).toBe("disk failed");
  fake.iterationFailure = undefined;
  fake.closed = true;
  expect((await errorOf(entriesOf({}))).rawMessage).toBe("the node's database answered IteratorNext with error 1");
  expect([countOf("newIterator"), countOf("iteratorRelease")]).toEqual([5, 5]);
});

test("closed, it does not connect again", async () => {
  client.close();
  for (const call of [database.get(bytesOf("key")), database.put(bytesOf("key"), bytesOf("value")), entriesOf({})])
    expect(await errorOf(call)).toMatchObject({ rawMessage: "the connection is closed", code: Code.Unavailable });
  expect(fake.calls).toEqual([]);
});
