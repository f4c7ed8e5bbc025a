import { describe, expect, test } from "bun:test";
import type { Client } from "@connectrpc/connect";
import fc from "fast-check";
import { Error as Answer, type Database } from "../../gen/rpcdb/rpcdb_pb.ts";
import { serveDatabase } from "../fake-node/database-server.ts";
import { FakeDatabase } from "../fake-node/fake-database.ts";
import { GrpcChannel, GrpcPeer } from "../fake-node/grpc-peer.ts";
import { newestProtocol, oldestProtocol } from "../fake-node/protocols.ts";
import { servicesOf } from "../fake-node/services.ts";
import { runs } from "../support/runs.ts";
import { errorOf } from "../support/status.ts";

const numRuns = runs(30, 3_000);

/** Runs `work` with Connect's own client of a fake database. */
async function withDatabase(
  protocol: number,
  work: (client: Client<typeof Database>, fake: FakeDatabase) => Promise<void>,
): Promise<void> {
  const fake = new FakeDatabase();
  await using peer = await GrpcPeer.listen((router) => serveDatabase(router, fake, protocol));
  using channel = new GrpcChannel(peer.address);
  await work(channel.client(servicesOf(protocol).database), fake);
}

/** Short keys of few bytes, of which some are high, so that they meet. */
const keys = fc
  .array(fc.constantFrom(0x00, 0x61, 0x7f, 0x80, 0x9f, 0xff), { maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes));
const values = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.integer({ min: 60_000, max: 140_000 }).map((n) => new Uint8Array(n)),
);
const puts = fc.record({ key: keys, value: values });
const steps = fc.oneof(
  puts.map((put) => ({ kind: "put", ...put }) as const),
  keys.map((key) => ({ kind: "delete", key }) as const),
  keys.map((key) => ({ kind: "read", key }) as const),
  fc
    .record({ puts: fc.array(puts, { maxLength: 3 }), deletes: fc.array(keys, { maxLength: 3 }) })
    .map((batch) => ({ kind: "batch", ...batch }) as const),
  fc.record({ start: keys, prefix: keys }).map((range) => ({ kind: "iterate", ...range }) as const),
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** A map that is sorted by hand, key by key in hex: as their bytes, and as Go's bytes.Compare. */
class Model {
  readonly #entries: { readonly key: string; readonly value: Uint8Array }[] = [];

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.find((entry) => entry.key === key.toHex())?.value;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.delete(key);
    const behind = this.#entries.findIndex((entry) => entry.key > key.toHex());
    this.#entries.splice(behind < 0 ? this.#entries.length : behind, 0, { key: key.toHex(), value });
  }

  delete(key: Uint8Array): void {
    const at = this.#entries.findIndex((entry) => entry.key === key.toHex());
    if (at >= 0) this.#entries.splice(at, 1);
  }

  range(start: Uint8Array, prefix: Uint8Array): { readonly key: string; readonly value: Uint8Array }[] {
    return this.#entries.filter(({ key }) => key >= start.toHex() && key.startsWith(prefix.toHex()));
  }
}

/** Does a step to both, and compares what they say. */
async function take(client: Client<typeof Database>, model: Model, step: Step): Promise<void> {
  switch (step.kind) {
    case "put":
      model.put(step.key, step.value);
      expect((await client.put(step)).err).toBe(Answer.UNSPECIFIED);
      return;
    case "delete":
      model.delete(step.key);
      expect((await client.delete(step)).err).toBe(Answer.UNSPECIFIED);
      return;
    case "read": {
      const value = model.get(step.key);
      const err = value === undefined ? Answer.NOT_FOUND : Answer.UNSPECIFIED;
      expect(await client.get(step)).toMatchObject({ value: value ?? new Uint8Array(), err });
      expect(await client.has(step)).toMatchObject({ has: value !== undefined, err: Answer.UNSPECIFIED });
      return;
    }
    case "batch":
      for (const { key, value } of step.puts) model.put(key, value);
      for (const key of step.deletes) model.delete(key);
      await client.writeBatch({ puts: step.puts, deletes: step.deletes.map((key) => ({ key })) });
      return;
    case "iterate":
      expect(await iterate(client, step)).toEqual(model.range(step.start, step.prefix));
  }
}

/** All entries of an iterator, which is released then. A page ends with the entry that fills 128 KiB. */
async function iterate(client: Client<typeof Database>, range: { start: Uint8Array; prefix: Uint8Array }) {
  const { id } = await client.newIteratorWithStartAndPrefix(range);
  const entries: { key: string; value: Uint8Array }[] = [];
  for (;;) {
    const { data } = await client.iteratorNext({ id });
    if (data.length === 0) break;
    const sizes = data.map(({ key, value }) => key.length + value.length);
    expect(sizes.slice(0, -1).reduce((sum, size) => sum + size, 0)).toBeLessThan(131_072);
    entries.push(...data.map(({ key, value }) => ({ key: key.toHex(), value })));
  }
  expect((await client.iteratorError({ id })).err).toBe(Answer.UNSPECIFIED);
  expect((await client.iteratorRelease({ id })).err).toBe(Answer.UNSPECIFIED);
  return entries;
}

test.each([oldestProtocol, newestProtocol])("protocol %d: a fake database is a sorted map", async (protocol) => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 20 }), async (steps) => {
      await withDatabase(protocol, async (client) => {
        const model = new Model();
        for (const step of steps) await take(client, model, step);
        await take(client, model, { kind: "iterate", start: new Uint8Array(), prefix: new Uint8Array() });
      });
    }),
    { numRuns },
  );
});

const a = Uint8Array.of(0x61);
const b = Uint8Array.of(0x62);
const all = { start: new Uint8Array(), prefix: new Uint8Array() };

describe("a batch", () => {
  test("comes in parts until protocol 20, and is written with the last", async () => {
    await withDatabase(20, async (client, fake) => {
      await client.writeBatch({ puts: [{ key: a, value: a }], id: 7n, continues: true });
      await client.writeBatch({ puts: [{ key: b, value: b }], id: 8n });
      expect([...fake.entries.keys()]).toEqual(["b"]);
      await client.writeBatch({ deletes: [{ key: a }, { key: b }], id: 7n, continues: true });
      await client.writeBatch({ puts: [{ key: a, value: b }], id: 7n });
      expect([...fake.entries]).toEqual([["a", b]]);
    });
  });

  test("is whole from protocol 21 on, whatever it says", async () => {
    await withDatabase(21, async (client, fake) => {
      await client.writeBatch({ puts: [{ key: a, value: a }], id: 7n, continues: true });
      expect([...fake.entries.keys()]).toEqual(["a"]);
    });
  });

  test("is written as a whole or not at all, as a put and a delete", async () => {
    await withDatabase(newestProtocol, async (client, fake) => {
      fake.set(b, b);
      fake.failWrites();
      const writes = [
        client.writeBatch({ puts: [{ key: a, value: a }], deletes: [{ key: b }] }),
        client.put({ key: a, value: a }),
        client.delete({ key: b }),
      ];
      for (const write of writes) expect((await errorOf(write)).rawMessage).toBe("no space left on device");
      expect([...fake.entries.keys()]).toEqual(["b"]);
      expect(new Set(fake.calls)).toEqual(new Set(["writeBatch +a -b", "put a", "delete b"]));
    });
  });
});

describe("an iterator", () => {
  test("gives what was there when it was made", async () => {
    await withDatabase(newestProtocol, async (client, fake) => {
      fake.set(a, a);
      const { id } = await client.newIteratorWithStartAndPrefix(all);
      fake.set(b, b);
      fake.delete(a);
      expect((await client.iteratorNext({ id })).data).toMatchObject([{ key: a, value: a }]);
    });
  });

  test("is unknown when it was released, which may be done twice", async () => {
    await withDatabase(newestProtocol, async (client) => {
      const { id } = await client.newIteratorWithStartAndPrefix(all);
      await client.iteratorRelease({ id });
      await client.iteratorRelease({ id });
      expect((await errorOf(client.iteratorNext({ id }))).rawMessage).toBe("unknown iterator");
      expect((await errorOf(client.iteratorError({ id }))).rawMessage).toBe("unknown iterator");
    });
  });

  test("that fails ends early, and only its error says so", async () => {
    await withDatabase(newestProtocol, async (client, fake) => {
      fake.set(a, a);
      const { id } = await client.newIteratorWithStartAndPrefix(all);
      fake.iterationFailure = "a block of the file is broken";
      expect((await client.iteratorNext({ id })).data).toEqual([]);
      expect((await errorOf(client.iteratorError({ id }))).rawMessage).toBe("a block of the file is broken");
      expect((await errorOf(client.iteratorRelease({ id }))).rawMessage).toBe("a block of the file is broken");
    });
  });
});

test("a closed database says so to every call", async () => {
  await withDatabase(newestProtocol, async (client, fake) => {
    fake.set(a, a);
    const { id } = await client.newIteratorWithStartAndPrefix(all);
    fake.closed = true;
    const answers = [
      client.has({ key: a }),
      client.get({ key: a }),
      client.put({ key: a, value: b }),
      client.delete({ key: a }),
      client.compact({}),
      client.writeBatch({ deletes: [{ key: a }] }),
      client.iteratorError({ id }),
    ];
    for (const answer of answers) expect((await answer).err).toBe(Answer.CLOSED);
    expect((await client.iteratorNext({ id })).data).toEqual([]);
    expect((await errorOf(client.healthCheck({}))).rawMessage).toBe("closed");
    expect(fake.entries.get("a")).toEqual(a);
  });
});

test("compaction changes nothing, health is JSON, and a call of close is on record", async () => {
  await withDatabase(newestProtocol, async (client, fake) => {
    fake.set(a, a);
    expect((await client.compact({})).err).toBe(Answer.UNSPECIFIED);
    expect(JSON.parse(new TextDecoder().decode((await client.healthCheck({})).details))).toBeNull();
    await client.close({});
    expect(fake.calls).toEqual(["compact", "healthCheck", "close"]);
    expect(fake.entries.get("a")).toEqual(a);
  });
});
