// The thread that upgrades a database file. See `runOnThread`.

import { type KnownFile, upgradeDatabase } from "../store/upgrade.ts";
import { takeJob } from "./job-worker.ts";

export interface UpgradeJob {
  readonly file: string;
  readonly known: KnownFile;
}

takeJob(({ file, known }: UpgradeJob) => upgradeDatabase(file, known));
