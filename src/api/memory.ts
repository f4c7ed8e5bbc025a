/** Bytes by which the process may grow before what is of no use any more is collected. */
export const maxGrowthBytes = 80 * 1024 * 1024;

/** The least that the process had since the last collection. */
let settledBytes = Number.POSITIVE_INFINITY;

/**
 * To be called after work on much data. Of texts and buffers, the engine counts only a part as its own, and so collects
 * them late: clients with large answers would have it hold many times what is in use. A collection takes some 10 ms.
 */
export function collectIfGrown(): void {
  const bytes = process.memoryUsage.rss();
  settledBytes = Math.min(settledBytes, bytes);
  if (bytes - settledBytes < maxGrowthBytes) return;
  Bun.gc(true);
  settledBytes = process.memoryUsage.rss();
}
