/** How often we look whether the node still lives: with the rest, we are gone within two seconds of it. */
const parentPollMs = 500;

export interface Lifetime {
  /** Whether the node may expect us to leave at SIGTERM: after Shutdown, or when it never initialized us. */
  readonly mayLeave: () => boolean;
  /** Releases the database and ends the process. */
  readonly leave: () => void;
}

/**
 * When to leave. A terminal's Ctrl-C and a service manager's SIGTERM reach the node and its plugins alike, and the node
 * still needs us then, to shut down in order (avalanchego v1.14.2, vms/rpcchainvm/vm.go:48-65). But we do not outlive
 * it: an orphan would hold the database.
 */
export function watchLifetime({ mayLeave, leave }: Lifetime): void {
  const parent = process.ppid;
  const orphaned = () => process.ppid !== parent;
  for (const signal of ["SIGINT", "SIGHUP", "SIGPIPE"]) process.on(signal, () => {});
  process.on("SIGTERM", () => {
    if (mayLeave() || orphaned()) leave();
  });
  setInterval(() => {
    if (orphaned()) leave();
  }, parentPollMs);
}
