// The thread that upgrades a database file, whose path it takes. See `runOnThread`.

import { upgradeDatabase } from "../store/upgrade.ts";
import { takeJob } from "./job-worker.ts";

takeJob(upgradeDatabase);
