import type { OtsDownload } from "./ots-files.ts";

// The stamps that were made in this browser. They are kept in its database alone, and never sent.

/** A proof that was made here. */
export interface KeptStamp extends OtsDownload {
  /** Unix milliseconds, by the clock of this browser. */
  readonly keptMs: number;
}

const store = "stamps";

/** Keeps proofs. The first one of a file stays. A browser may keep nothing, such as a private one. */
export async function keepStamps(made: readonly OtsDownload[]): Promise<void> {
  await inStore("readwrite", async (stamps) => {
    for (const download of made) {
      if ((await answerOf(stamps.getKey(download.digest))) !== undefined) continue;
      await answerOf(stamps.add({ ...download, keptMs: Date.now() } satisfies KeptStamp));
    }
  }).catch(() => {});
  dispatchEvent(new Event(changed));
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
