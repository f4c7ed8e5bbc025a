// The thread that backs up a database which this process has open. It takes one `BackupJob`: see `runOnThread`.

import { setPriority } from "node:os";
import { takeJob } from "../disk/job-worker.ts";
import { backUp } from "../store/backup.ts";
import { BlockReader } from "../store/block-reader.ts";
import type { BackupJob } from "./backup-thread.ts";

/** The nice value, from -20 to 19, which lets the threads that serve the chain run first. */
const niceness = 10;

if (process.platform === "linux") setPriority(niceness); // on Linux of this thread, elsewhere of the whole process
takeJob(work);

function* work({ database, ...target }: BackupJob) {
  const reader = BlockReader.openBeside(database);
  try {
    return yield* backUp(reader, target);
  } finally {
    reader.close();
  }
}
