// The thread that backs up a database which this process has open. It takes one `BackupJob`: see `runOnThread`.

import { getPriority, setPriority } from "node:os";
import { takeJob } from "../disk/job-worker.ts";
import { backUp } from "../store/backup.ts";
import { BlockReader } from "../store/block-reader.ts";
import type { BackupJob } from "./backup-thread.ts";

/** How much this thread adds to the nice value of its process, which ends at 19: the greater, the less urgent. */
const niceness = 10;

// On Linux of this thread, elsewhere of the whole process.
if (process.platform === "linux") setPriority(Math.min(getPriority() + niceness, 19));
takeJob(work);

function* work({ database, ...target }: BackupJob) {
  const reader = BlockReader.openBeside(database);
  try {
    return yield* backUp(reader, target);
  } finally {
    reader.close();
  }
}
