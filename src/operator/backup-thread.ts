import { rm } from "node:fs/promises";
import type { BackupProgress, BackupSummary } from "../store/backup.ts";
import { filesOf } from "../store/new-database.ts";
import { unfinishedNameOf } from "../store/new-file.ts";

/** What the thread is asked to do, once. */
export interface BackupJob {
  /** The database, which this process has open. */
  readonly database: string;
  readonly file: string;
  readonly unfinished: string;
}

/** What it says. The last one has `done` or `failed`. */
export type BackupNews =
  | { readonly progress: BackupProgress }
  | { readonly done: BackupSummary }
  | { readonly failed: string };

/**
 * Backs a database up on a thread that `start` starts. When `signal` aborts, the thread is ended, wherever it is, and
 * nothing is left of the backup. Rejects with why there is none.
 */
export async function backUpOnThread(
  start: () => Worker,
  { database, file }: { readonly database: string; readonly file: string },
  onProgress: (progress: BackupProgress) => void,
  signal: AbortSignal,
): Promise<BackupSummary> {
  const unfinished = unfinishedNameOf(file);
  const thread = start();
  const ended = Promise.withResolvers<void>();
  const { promise, resolve, reject } = Promise.withResolvers<BackupSummary>();
  thread.addEventListener("message", ({ data }: MessageEvent<BackupNews>) => {
    if ("progress" in data) onProgress(data.progress);
    else if ("done" in data) resolve(data.done);
    else reject(new Error(data.failed));
  });
  thread.addEventListener("error", ({ message }) => reject(new Error(`the thread failed: ${message}`)));
  thread.addEventListener("close", () => {
    ended.resolve();
    reject(new Error("the thread ended"));
  });
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    thread.postMessage({ database, file, unfinished } satisfies BackupJob);
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    thread.terminate();
    await ended.promise; // until then it may still write
    await Promise.all(filesOf(unfinished).map((path) => rm(path, { force: true })));
  }
}
