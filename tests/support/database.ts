import { Database } from "bun:sqlite";
import { spyOn } from "bun:test";
import { closeSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import type { Block } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";

/** Makes a database one of so many pages, of which all but the first ones are holes: larger than any disk has room for. */
export function enlarge(file: string, pages: number): void {
  const header = readFileSync(file).subarray(0, 100);
  truncateSync(file, pages * header.readUInt16BE(16)); // https://sqlite.org/fileformat.html: 16 the page size, 28 the size
  const fileDescriptor = openSync(file, "r+");
  header.writeUInt32BE(pages, 28);
  writeSync(fileDescriptor, header, 0, header.length, 0);
  closeSync(fileDescriptor);
}

/** Runs `open`, and gives the SQLite connection that it made beside what it gave: for pragmas that no other can set. */
export function withConnection<T>(open: () => T): { readonly opened: T; readonly connection: Database } {
  const run = spyOn(Database.prototype, "run"); // it calls through
  try {
    const opened = open();
    const connection: unknown = run.mock.contexts[0];
    if (!(connection instanceof Database)) throw new Error("nothing was opened");
    return { opened, connection };
  } finally {
    run.mockRestore();
  }
}

export function pragmaOf(connection: Database, text: string): bigint | string {
  using statement = connection.prepare<unknown[], []>(`PRAGMA ${text}`);
  return statement.values()[0]?.[0] as bigint | string;
}

/** Puts the digests of a chain's blocks, one at each height, into the index, as a node does that has more of them. */
export function indexDigests(file: string, chain: readonly Block[]): void {
  const indexed = Buffer.alloc(8);
  indexed.writeBigInt64BE(BigInt(chain.length - 1));
  using database = new Database(file);
  database.transaction(() => {
    for (const { height, data } of chain) {
      const prefix = Buffer.from(digestOf(data).slice(0, 16), "hex");
      database.run("INSERT INTO digests (prefix, height) VALUES (?, ?)", [prefix, height]);
    }
    database.run("INSERT INTO meta (name, value) VALUES ('digests_indexed', ?)", [indexed]);
  })();
}
