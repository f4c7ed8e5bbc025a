/**
 * The disk below an open file. It syncs what was written, while the thread that wrote it goes on. Every method rejects
 * with the error of SQLite or of the system.
 */
export interface Disk {
  /** Resolves when all that the write-ahead log held at the time of the call is on the disk. */
  syncLog(): Promise<void>;
  /** Copies the log into the file, as far as readers of older pages allow, and syncs both. */
  checkpoint(): Promise<void>;
  /** Releases the file, which must still be open elsewhere. Does not wait for a stalled disk. May be called twice. */
  close(): Promise<void>;
}

/** Copies the log into the file, as `Disk.checkpoint` does, on this thread or on another. */
export interface Checkpointer {
  checkpoint(): void | Promise<void>;
  close(): void | Promise<void>;
}
