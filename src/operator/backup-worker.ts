// The thread that backs a database up, which its process has open. It takes one `BackupJob`: see `runOnThread`.

import { setPriority } from "node:os";
import { takeJob } from "../disk/job-worker.ts";
import { backUp } from "../store/backup.ts";
import { BlockReader } from "../store/block-reader.ts";
import type { BackupJob } from "./backup-thread.ts";

/** As `nice` has it, from -20 to 19: the threads that serve the chain go first. */
const niceness = 10;

if (process.platform === "linux") setPriority(niceness); // of this thread alone; elsewhere it would be the process
takeJob(work);

function* work({ database, ...target }: BackupJob) {
  const reader = BlockReader.openBeside(database);
  try {
    return yield* backUp(reader, target);
  } finally {
    reader.close();
  }
}
