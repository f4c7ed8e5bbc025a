// A process of its own, whose disk is recorded: it upgrades a database file. `bun recorded-upgrade.ts FILE`

import { upgradeDatabase } from "../../src/store/upgrade.ts";

for (const _ of upgradeDatabase(process.argv[2] ?? ""));
