import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** The name of the file in the chain data directory that holds the path of the socket. */
export const pointerName = "operator-socket";
const socketName = "operator.sock";
/** The most bytes of a socket's path: Linux allows 107 (unix(7), sun_path), macOS 103. */
export const maxSocketPathBytes = 100;

/**
 * Makes a server listen on a Unix socket to which only this user can connect, and writes the socket's path into a file
 * in the chain data directory. The socket is in the same directory, or in the temporary one if its path would be too
 * long. Replaces what a killed process left, since only one process has the database open. Gives a function that
 * removes both. Throws the system's error.
 */
export async function listenIn(directory: string, server: Server): Promise<() => void> {
  removeLeft(directory);
  const path = choosePath(resolve(directory));
  try {
    await listenPrivately(path, server);
    writePointer(directory, path);
  } catch (error) {
    removeSocket(directory, path);
    throw error;
  }
  return () => removeLeft(directory);
}

/** The path of the socket of the process that runs the chain. Throws the system's error: ENOENT if there is none. */
export function readPointer(directory: string): string {
  return readFileSync(join(directory, pointerName), "utf8");
}

function choosePath(directory: string): string {
  const path = join(directory, socketName);
  if (Buffer.byteLength(path) <= maxSocketPathBytes) return path;
  return join(mkdtempSync(join(tmpdir(), "timestampvm-")), socketName); // a directory of mode 0700
}

/** The umask is set around `listen`, which makes the socket: so the socket never has another mode. */
async function listenPrivately(path: string, server: Server): Promise<void> {
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>();
  server.once("listening", listening).on("error", reject);
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await promise;
}

/** Writes under another name and renames, so that nobody reads half a path. */
function writePointer(directory: string, path: string): void {
  const unfinished = join(directory, `${pointerName}.${randomBytes(8).toString("hex")}`);
  writeFileSync(unfinished, path, { mode: 0o600, flag: "wx" });
  renameSync(unfinished, join(directory, pointerName));
}

function removeLeft(directory: string): void {
  rmSync(join(resolve(directory), socketName), { force: true });
  try {
    removeSocket(directory, readPointer(directory));
  } catch {
    // There was none.
  }
  rmSync(join(directory, pointerName), { force: true });
}

/** Removes a socket, and the directory that was made for it. */
function removeSocket(directory: string, path: string): void {
  rmSync(path, { force: true });
  if (dirname(path) !== resolve(directory)) rmdirSync(dirname(path));
}
