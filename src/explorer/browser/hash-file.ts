import { startSha256 } from "../../avalanche/sha256.ts";

/**
 * SHA-256 of a file in hex. Reads it in pieces, so that it may be larger than the memory, and reports its progress in
 * bytes.
 */
export async function hashFile(file: Blob, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  const hash = startSha256();
  for (let start = 0; start < file.size; start += pieceBytes) {
    const piece = await file.slice(start, start + pieceBytes).arrayBuffer();
    signal.throwIfAborted();
    hash.update(new Uint8Array(piece));
    onProgress(Math.min(start + pieceBytes, file.size));
  }
  // Not by `toHex`, which browsers before 2025 lack. They can stamp, but not check a proof.
  return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A piece takes some milliseconds. Between two pieces, the page reacts. */
const pieceBytes = 1024 * 1024;
