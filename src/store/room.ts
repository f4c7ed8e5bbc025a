import { statfsSync } from "node:fs";

/** Bytes that a copy of a database must leave free on the disk, for the chain itself. */
export const spareBytes = 64 * 1024 * 1024;

/** The free bytes that a disk needs, and those that it has. */
export interface LackOfRoom {
  readonly needed: number;
  readonly free: number;
}

/** The lack of room on a directory's disk for this many bytes and the spare ones; undefined if they fit. */
export function findLackOfRoom(directory: string, bytes: number): LackOfRoom | undefined {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const needed = bytes + spareBytes;
  return free < needed ? { needed, free } : undefined;
}
