// A thread that ends in the middle of a backup.

import { writeFileSync } from "node:fs";
import type { BackupJob } from "../../src/operator/backup-thread.ts";

addEventListener("message", ({ data }: MessageEvent<BackupJob>) => {
  writeFileSync(data.unfinished, "half of it");
  process.exit(3);
});
