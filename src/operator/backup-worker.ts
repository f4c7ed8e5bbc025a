// The thread that backs a database up, which its process has open. It takes one `BackupJob`, and says `BackupNews`.

import { setPriority } from "node:os";
import { messageOf } from "../avalanche/coded-error.ts";
import { backUp } from "../store/backup.ts";
import { BlockReader } from "../store/block-reader.ts";
import type { BackupJob, BackupNews } from "./backup-thread.ts";

/** As `nice` has it, from -20 to 19: the threads that serve the chain go first. */
const niceness = 10;

if (process.platform === "linux") setPriority(niceness); // of this thread alone; elsewhere it would be the process
addEventListener("message", ({ data }: MessageEvent<BackupJob>) => work(data));

function work({ database, ...target }: BackupJob): void {
  try {
    const reader = BlockReader.openBeside(database);
    try {
      const steps = backUp(reader, target);
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done) return say({ done: step.value });
        say({ progress: step.value });
      }
    } finally {
      reader.close();
    }
  } catch (error) {
    say({ failed: messageOf(error) });
  }
}

function say(news: BackupNews): void {
  postMessage(news);
}
