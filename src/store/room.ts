import { statfsSync } from "node:fs";

/** Bytes of a disk that must stay free beside a copy of a database, for the chain itself. */
export const spareBytes = 64 * 1024 * 1024;

/** How many free bytes a disk needs, and how many it has. */
export interface LackOfRoom {
  readonly needed: number;
  readonly free: number;
}

/** What the disk of a directory lacks for so many bytes, and for what must be spared; undefined where they fit. */
export function findLackOfRoom(directory: string, bytes: number): LackOfRoom | undefined {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const needed = bytes + spareBytes;
  return free < needed ? { needed, free } : undefined;
}
