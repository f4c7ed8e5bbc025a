import { statfsSync } from "node:fs";

/** Bytes of a disk that must stay free beside a copy of a database, for the chain itself. */
export const spareBytes = 64 * 1024 * 1024;

/** Why so many bytes, and what must be spared, do not fit on the disk of a directory; undefined where they do. */
export function findLackOfRoom(directory: string, bytes: number): string | undefined {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const needed = bytes + spareBytes;
  if (free >= needed) return undefined;
  return `${directory}: the disk has ${free} free bytes, and ${needed} must be free`;
}
