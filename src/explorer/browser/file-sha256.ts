import { createSHA256 } from "hash-wasm";

/** How files are hashed here. */
export interface Hashing {
  /** The browser's own hash, which takes only what is in memory; undefined on a page that came without HTTPS. */
  readonly subtle: Pick<SubtleCrypto, "digest"> | undefined;
  /** Bytes of the largest file that is read into memory as a whole. */
  readonly maxWholeBytes: number;
}

/**
 * SHA-256 of a file in hex. The browser's own hash is several times as fast as WebAssembly, so it takes each file that
 * fits, whole. The others come as a stream, may be larger than the memory, and report their progress in bytes.
 */
export async function fileSha256(
  file: Blob,
  { subtle, maxWholeBytes }: Hashing,
  onProgress: (bytes: number) => void,
): Promise<string> {
  if (subtle === undefined || file.size > maxWholeBytes) return hashStream(file.stream(), onProgress);
  return toHex(new Uint8Array(await subtle.digest("SHA-256", await file.arrayBuffer())));
}

async function hashStream(stream: ReadableStream<Uint8Array>, onProgress: (bytes: number) => void): Promise<string> {
  const hash = await createSHA256();
  const reader = stream.getReader(); // browsers that cannot loop over a stream are in use
  let bytes = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return hash.digest("hex");
    hash.update(value);
    bytes += value.length;
    onProgress(bytes);
  }
}

/** Not by `toHex`, which browsers before 2025 lack. They can stamp, but not check a proof. */
function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
