import { runOnThread } from "../disk/job-thread.ts";
import type { UpgradeJob } from "../disk/upgrade-worker.ts";
import type { Log } from "../log.ts";
import type { CopyProgress } from "../store/copy-chain.ts";
import { needsUpgrade } from "../store/old-file.ts";
import type { UpgradeSummary } from "../store/upgrade.ts";
import type { Clock } from "../vm/clock.ts";
import { atTimes } from "./at-times.ts";
import type { NodeRecord } from "./node-record.ts";

/** What the upgrade of a file needs. */
export interface UpgradeParts {
  /** Names the file that the node knows. */
  readonly record: NodeRecord;
  /** Starts the thread of `disk/upgrade-worker.ts`. */
  readonly startUpgrade: () => Worker;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Upgrades a database file of an older schema, on a thread of its own, so that the node gets its answers meanwhile. The
 * file must not be open in this process. Rejects with the errors of `upgradeDatabase`, and with a `ConnectError` when
 * the node's database fails.
 */
export async function upgradeIfOld(file: string, { record, startUpgrade, clock, log }: UpgradeParts): Promise<void> {
  if (!needsUpgrade(file)) return;
  const known = { instanceId: (await record.readHeadMarker())?.instanceId };
  const since = clock.elapsedMs();
  const onProgress = atTimes(clock, ({ blocks, total }: CopyProgress) =>
    log.info("upgrading the database", { blocks, total, file }),
  );
  const job = { start: startUpgrade, job: { file, known }, onProgress };
  const { leftOut, ...summary } = await runOnThread<UpgradeJob, CopyProgress, UpgradeSummary>(job);
  if (leftOut !== undefined) log.warn("left out blocks above a missing one", { ...leftOut, file });
  const ms = Math.round(clock.elapsedMs() - since);
  log.info("upgraded the database", { ...summary, ms, file });
}
