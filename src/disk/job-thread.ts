import { FileError, type FileRefusal } from "../store/errors.ts";

/** A message from the thread of a job. The last one has `done` or `failed`. */
export type JobNews<Progress, Done> =
  | { readonly progress: Progress }
  | { readonly done: Done }
  | { readonly failed: string; readonly refusal: FileRefusal | undefined };

/** A job for a thread of its own. */
export interface ThreadJob<Job, Progress> {
  /** Starts a thread that calls `takeJob`. */
  readonly start: () => Worker;
  readonly job: Job;
  readonly onProgress: (progress: Progress) => void;
  /** When it aborts, the thread is ended at once. */
  readonly signal?: AbortSignal;
}

/**
 * Does a job on another thread, which has ended when this resolves or rejects. Rejects with what the job throws: a
 * `FileError` as it is, any other error with its message alone.
 */
export async function runOnThread<Job, Progress, Done>(options: ThreadJob<Job, Progress>): Promise<Done> {
  const { start, job, onProgress, signal } = options;
  const thread = start();
  const ended = Promise.withResolvers<void>();
  const { promise, resolve, reject } = Promise.withResolvers<Done>();
  thread.addEventListener("message", ({ data }: MessageEvent<JobNews<Progress, Done>>) => {
    if ("progress" in data) onProgress(data.progress);
    else if ("done" in data) resolve(data.done);
    else reject(data.refusal === undefined ? new Error(data.failed) : new FileError(data.refusal));
  });
  thread.addEventListener("error", ({ message }) => reject(new Error(`the thread failed: ${message}`)));
  thread.addEventListener("close", () => {
    ended.resolve();
    reject(new Error("the thread ended"));
  });
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    signal?.throwIfAborted();
    thread.postMessage(job);
    return await promise;
  } finally {
    signal?.removeEventListener("abort", abort);
    thread.terminate();
    await ended.promise; // until then the thread may still write
  }
}
