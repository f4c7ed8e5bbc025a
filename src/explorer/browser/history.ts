import { readOts } from "../../proof/ots/read.ts";
import { mergeTimestamps } from "../../proof/ots/timestamp.ts";
import { writeOts } from "../../proof/ots/write.ts";
import type { OtsDownload } from "./ots-files.ts";

// The proofs that were made in this browser. They are kept in its database alone, and never sent.

/** A proof that was made here. */
export interface KeptStamp extends OtsDownload {
  /** Unix milliseconds, by the clock of this browser. */
  readonly keptMs: number;
}

const store = "stamps";

/** Keeps proofs: all that a file ever had, as one. A browser may keep nothing, such as a private one. */
export async function keepStamps(made: readonly OtsDownload[]): Promise<void> {
  const ofFile = [...Map.groupBy(made, ({ digest }) => digest)];
  await inStore("readwrite", (stamps) => Promise.all(ofFile.map(([digest, same]) => keep(digest, same, stamps)))).catch(
    () => {},
  );
  dispatchEvent(new Event(changed));
}

async function keep(digest: string, made: readonly OtsDownload[], stamps: IDBObjectStore): Promise<void> {
  const kept = await answerOf<KeptStamp | undefined>(stamps.get(digest));
  const [first, ...others] = kept === undefined ? made : [kept, ...made];
  if (first === undefined) return;
  const ots = others.reduce((all, other) => joinOts(all, other.ots), first.ots);
  await answerOf(stamps.put({ keptMs: Date.now(), ...first, ots } satisfies KeptStamp));
}

/** A nonce is in one of two proofs of a file alone, and which one proves more is not known here. */
function joinOts(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const [kept, added] = [readOts(a), readOts(b)];
  return writeOts({ ...kept, timestamp: mergeTimestamps(kept.timestamp, added.timestamp) });
}

/** The proofs that are kept, the newest first. None where the browser keeps nothing. */
export async function keptStamps(): Promise<readonly KeptStamp[]> {
  const all = await inStore("readonly", (stamps) => answerOf<KeptStamp[]>(stamps.getAll())).catch(() => []);
  return all.toSorted((a, b) => b.keptMs - a.keptMs);
}

export async function forgetStamps(): Promise<void> {
  await inStore("readwrite", (stamps) => answerOf(stamps.clear()));
  dispatchEvent(new Event(changed));
}

/** Calls `show` whenever a stamp was kept or forgotten on this page. */
export function onHistory(show: () => void): void {
  addEventListener(changed, show);
}

const changed = "stamps-changed";

async function inStore<T>(mode: IDBTransactionMode, work: (stamps: IDBObjectStore) => Promise<T>): Promise<T> {
  const opening = indexedDB.open("timestampvm", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(store, { keyPath: "digest" });
  const database = await answerOf(opening);
  try {
    return await work(database.transaction(store, mode).objectStore(store));
  } finally {
    database.close();
  }
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database failed"));
  });
}
