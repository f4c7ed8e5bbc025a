import { rm } from "node:fs/promises";
import { type JobNews, runOnThread } from "../disk/job-thread.ts";
import type { BackupSummary } from "../store/backup.ts";
import type { CopyProgress } from "../store/copy-chain.ts";
import { filesOf } from "../store/new-database.ts";
import { unfinishedNameOf } from "../store/new-file.ts";

/** The one job of a backup's thread. */
export interface BackupJob {
  /** The database, which this process has open. */
  readonly database: string;
  readonly file: string;
  readonly unfinished: string;
}

export type BackupNews = JobNews<CopyProgress, BackupSummary>;

/**
 * Backs up a database on a thread that `start` starts. When `signal` aborts, the thread is ended at once, and nothing
 * is left of the backup. Rejects with the reason why there is none.
 */
export async function backUpOnThread(
  start: () => Worker,
  { database, file }: { readonly database: string; readonly file: string },
  onProgress: (progress: CopyProgress) => void,
  signal: AbortSignal,
): Promise<BackupSummary> {
  const unfinished = unfinishedNameOf(file);
  const job: BackupJob = { database, file, unfinished };
  try {
    return await runOnThread<BackupJob, CopyProgress, BackupSummary>({ start, job, onProgress, signal });
  } finally {
    await Promise.allSettled(filesOf(unfinished).map((path) => rm(path, { force: true }))); // the reason above counts
  }
}
