/**
 * The disk below an open file: brings there what was written, while the thread that wrote it goes on. Every method
 * rejects with the error of SQLite or of the system.
 */
export interface Disk {
  /** Resolves when all that the write-ahead log held at the call is on the disk. */
  syncLog(): Promise<void>;
  /** Copies what the log holds into the file, as far as nobody reads older pages, and syncs both. */
  checkpoint(): Promise<void>;
  /** Releases the file, which must still be open elsewhere. Does not wait for a disk that stalls. May come twice. */
  close(): Promise<void>;
}

/** Copies the log into the file, as `Disk.checkpoint` does: on this thread or on another. */
export interface Checkpointer {
  checkpoint(): void | Promise<void>;
  close(): void | Promise<void>;
}
