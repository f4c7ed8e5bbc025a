import { messageOf } from "../../avalanche/coded-error.ts";
import { fileSha256 } from "./file-sha256.ts";

// The thread that hashes files, one after the other, so that the page goes on meanwhile.

/** What the thread says: how many bytes it has hashed, the SHA-256 in hex, or why there is none. */
export type FromHasher = { readonly bytes: number } | { readonly digest: string } | { readonly problem: string };

/** Bytes of the largest file that is hashed whole: browsers give a page at least so much memory. */
const maxWholeBytes = 256 * 1024 * 1024;
/** Milliseconds between two reports, so that these take no time themselves. */
const reportMs = 100;

self.onmessage = async ({ data: file }: MessageEvent<Blob>) => {
  let reportedAt = performance.now();
  const report = (bytes: number) => {
    if (performance.now() - reportedAt < reportMs) return;
    reportedAt = performance.now();
    post({ bytes });
  };
  try {
    post({ digest: await fileSha256(file, { subtle: globalThis.crypto.subtle, maxWholeBytes }, report) });
  } catch (error) {
    post({ problem: messageOf(error) });
  }
};

function post(message: FromHasher): void {
  self.postMessage(message);
}
