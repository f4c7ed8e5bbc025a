// A thread that begins a backup, and then does nothing more.

import { writeFileSync } from "node:fs";
import type { BackupJob, BackupNews } from "../../src/operator/backup-thread.ts";

addEventListener("message", ({ data }: MessageEvent<BackupJob>) => {
  for (const ending of ["", "-wal"]) writeFileSync(`${data.unfinished}${ending}`, "half of it");
  postMessage({ progress: { blocks: 1n, total: 2n } } satisfies BackupNews);
});
