import { NoAnswerError } from "../../client/no-answer.ts";
import type { FromHasher } from "./hash-worker.ts";

/**
 * SHA-256 of a file in hex, from a thread of its own, which is loaded for it, and kept for the next file. Reports its
 * progress in bytes. Rejects with a `NoAnswerError` if the thread cannot be loaded, else with why the file cannot be
 * read.
 */
export async function hashFile(file: File, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  const worker = idle ?? new Worker("explorer?script=hash-worker");
  idle = undefined;
  try {
    const digest = await hashBy(worker, file, onProgress, signal);
    idle = worker;
    return digest;
  } finally {
    if (idle !== worker) worker.terminate();
  }
}

/** A thread that has hashed a file, and can hash another one: to load one takes longer than a small file. */
let idle: Worker | undefined;

function hashBy(worker: Worker, file: File, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    worker.onerror = (event) => reject(event instanceof ErrorEvent ? new Error(event.message) : notLoaded());
    worker.onmessage = ({ data }: MessageEvent<FromHasher>) => {
      if ("bytes" in data) onProgress(data.bytes);
      else if ("digest" in data) resolve(data.digest);
      else reject(new Error(`The file cannot be read: ${data.problem}`));
    };
    worker.postMessage(file);
  });
}

function notLoaded(): NoAnswerError {
  return new NoAnswerError({ code: "unreachable", cause: "" }, "cannot load the part of this page that hashes files");
}
