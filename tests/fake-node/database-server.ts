import { Code, ConnectError, type ConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import { type Database, Error as DatabaseError } from "../../gen/rpcdb/rpcdb_pb.ts";
import { type FakeDatabase, textOf } from "./fake-database.ts";
import { newestProtocol } from "./protocols.ts";
import { servicesOf } from "./services.ts";

/** How many bytes of keys and values fill a page of an iterator; the entry that fills it is its last. */
const pageBytes = 128 * 1024;

/**
 * Serves rpcdb.Database in the bytes of one protocol (avalanchego v1.9.4 and v1.14.2, database/rpcdb/db_server.go).
 * Each server has iterators and open batches of its own.
 */
export function serveDatabase(router: ConnectRouter, database: FakeDatabase, protocol: number = newestProtocol): void {
  router.service(servicesOf(protocol).database, { ...entryCalls(database), ...iteratorCalls(database) });
}

function entryCalls(database: FakeDatabase): Partial<ServiceImpl<typeof Database>> {
  const { entries } = database;
  const batches = new Batches();
  return {
    has: ({ key }) => answer(database, `has ${textOf(key)}`, () => ({ has: entries.has(textOf(key)) })),
    get: ({ key }) =>
      answer(database, `get ${textOf(key)}`, () => {
        const value = entries.get(textOf(key));
        return value === undefined ? { err: DatabaseError.NOT_FOUND } : { value };
      }),
    put: ({ key, value }) =>
      answer(database, `put ${textOf(key)}`, () => {
        database.set(key, value);
        return {};
      }),
    delete: ({ key }) =>
      answer(database, `delete ${textOf(key)}`, () => {
        entries.delete(textOf(key));
        return {};
      }),
    writeBatch: (part) =>
      answer(database, `writeBatch ${textOfBatch(part)}`, () => {
        for (const { puts, deletes } of batches.take(part)) {
          for (const { key, value } of puts) database.set(key, value);
          for (const { key } of deletes) entries.delete(textOf(key));
        }
        return {};
      }),
    compact: () => answer(database, "compact", () => ({})),
    close: () => answer(database, "close", () => ({})),
    healthCheck: async () => {
      const reply = await answer(database, "healthCheck", () => ({ details: new TextEncoder().encode("null") }));
      if ("err" in reply) throw unknown("closed");
      return reply;
    },
  };
}

function iteratorCalls(database: FakeDatabase): Partial<ServiceImpl<typeof Database>> {
  const iterators = new Map<bigint, Iterator>();
  let nextId = 0n;
  const iteratorAt = (id: bigint) => {
    const iterator = iterators.get(id);
    if (iterator === undefined) throw unknown("unknown iterator");
    return iterator;
  };
  const endOfIteration = () => {
    if (database.iterationFailure !== undefined) throw unknown(database.iterationFailure);
    return {};
  };
  return {
    newIteratorWithStartAndPrefix: async ({ start, prefix }) => {
      await answer(database, "newIteratorWithStartAndPrefix", () => ({}));
      const id = nextId++;
      iterators.set(id, new Iterator(database.closed ? [] : database.entriesFrom(start, prefix)));
      return { id };
    },
    iteratorNext: async ({ id }) => {
      await answer(database, "iteratorNext", () => ({}));
      const iterator = iteratorAt(id);
      const isBroken = database.closed || database.iterationFailure !== undefined;
      return { data: isBroken ? [] : iterator.nextPage() };
    },
    iteratorError: ({ id }) =>
      answer(database, "iteratorError", () => {
        iteratorAt(id);
        return endOfIteration();
      }),
    iteratorRelease: ({ id }) =>
      answer(database, "iteratorRelease", () => (iterators.delete(id) ? endOfIteration() : {})),
  };
}

/** Notes a call and answers it, when the test lets it through; says so when the database is closed. */
async function answer<Reply>(
  database: FakeDatabase,
  call: string,
  work: () => Reply,
): Promise<Reply | { err: DatabaseError }> {
  database.calls.push(call.trim());
  await database.before(call.trim());
  return database.closed ? { err: DatabaseError.CLOSED } : work();
}

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What was there when it was made, page by page. */
class Iterator {
  readonly #rest: Entry[];

  constructor(entries: Entry[]) {
    this.#rest = entries;
  }

  /** Empty at the end. */
  nextPage(): Entry[] {
    let size = 0;
    const last = this.#rest.findIndex(({ key, value }) => {
      size += key.length + value.length;
      return size >= pageBytes;
    });
    return this.#rest.splice(0, last < 0 ? this.#rest.length : last + 1);
  }
}

interface BatchPart {
  readonly puts: readonly Entry[];
  readonly deletes: readonly { readonly key: Uint8Array }[];
  /** Both are there until protocol 20. */
  readonly id?: bigint;
  readonly continues?: boolean;
}

/** Batches that come in parts. In later protocols each part is whole. */
class Batches {
  readonly #open = new Map<bigint, readonly BatchPart[]>();

  /** All parts with the last one; nothing before that. */
  take(part: BatchPart): readonly BatchPart[] {
    const { id = 0n, continues = false } = part;
    const parts = [...(this.#open.get(id) ?? []), part];
    if (continues) this.#open.set(id, parts);
    else this.#open.delete(id);
    return continues ? [] : parts;
  }
}

function textOfBatch({ puts, deletes }: BatchPart): string {
  return [...puts.map(({ key }) => `+${textOf(key)}`), ...deletes.map(({ key }) => `-${textOf(key)}`)].join(" ");
}

function unknown(message: string): ConnectError {
  return new ConnectError(message, Code.Unknown);
}
