/** The process may grow by so many bytes before garbage is collected. */
export const maxGrowthBytes = 80 * 1024 * 1024;

/** The least memory of the process since the last collection. */
let settledBytes = Number.POSITIVE_INFINITY;

/**
 * To be called after work on much data. The engine counts only a part of texts and buffers, and so collects them late:
 * with large answers, the process would hold many times what is in use. A collection takes some 10 ms.
 */
export function collectIfGrown(): void {
  const bytes = process.memoryUsage.rss();
  settledBytes = Math.min(settledBytes, bytes);
  if (bytes - settledBytes < maxGrowthBytes) return;
  Bun.gc(true);
  settledBytes = process.memoryUsage.rss();
}
