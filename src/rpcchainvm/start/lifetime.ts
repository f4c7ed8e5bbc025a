/** How often we check that the node still lives. With shutdown, we are gone within two seconds after it. */
const parentPollMs = 500;

export interface Lifetime {
  /** The process id of the node. */
  readonly parent: number;
  /** Whether the node expects us to exit at this signal: after Shutdown, or when it never initialized us. */
  readonly mayEnd: (signal: NodeJS.Signals) => boolean;
  /** Releases the database and ends the process. */
  readonly end: () => void;
}

/**
 * Decides when to exit. Ctrl-C in a terminal and a service manager's SIGTERM reach the node and its plugins alike. The
 * node still needs us then, to shut down in order (avalanchego v1.14.2, vms/rpcchainvm/vm.go:48-65). But we must not
 * outlive the node: an orphan would hold the database.
 */
export function watchLifetime({ parent, mayEnd, end }: Lifetime): void {
  const orphaned = () => process.ppid !== parent;
  for (const signal of ["SIGHUP", "SIGPIPE"]) process.on(signal, () => {});
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (mayEnd(signal) || orphaned()) end();
    });
  }
  setInterval(() => {
    if (orphaned()) end();
  }, parentPollMs);
}
