/** How far a file is hashed, such as "43 %, about 12 s left". Sizes in bytes, `elapsedMs` since the first byte. */
export function describeProgress(bytes: number, size: number, elapsedMs: number): string {
  const percent = `${Math.floor((100 * bytes) / size)} %`;
  return `${percent}${describeTimeLeft(bytes, size, elapsedMs)}`;
}

/** The time that is left of some work, as the end of a line, such as ", about 12 s left". "" if it is too early. */
export function describeTimeLeft(done: number, total: number, elapsedMs: number): string {
  const leftSeconds = Math.ceil((elapsedMs * (total - done)) / done / 1_000);
  return elapsedMs < minMsToGuess || done === 0 ? "" : `, about ${formatDuration(leftSeconds)} left`;
}

/** Milliseconds after which the speed so far is worth something. */
const minMsToGuess = 1_000;

function formatDuration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
