import type { Checkpointer } from "../store/disk.ts";

/** A request to the thread, which answers one after the other. */
export interface CheckpointRequest {
  readonly file: string;
}

/** The thread's answer. It has the error as data, since an `Error` loses its code on the way to another thread. */
export interface CheckpointAnswer {
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** The most milliseconds to wait for the end of a checkpoint. A disk may stall for longer. */
const maxCloseMs = 1_000;

/** Checkpoints on another thread. The first checkpoint starts it. If it has ended, the next one starts a new thread. */
export class CheckpointThread implements Checkpointer {
  readonly #file: string;
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  readonly #answers: ((answer: CheckpointAnswer) => void)[] = [];
  #last: Promise<unknown> | undefined;

  /** `start` starts a thread whose entry is `checkpoint-worker.ts`. */
  constructor(file: string, start: () => Worker) {
    this.#file = file;
    this.#start = start;
  }

  async checkpoint(): Promise<void> {
    this.#worker ??= this.#begin();
    const { promise, resolve } = Promise.withResolvers<CheckpointAnswer>();
    this.#answers.push(resolve);
    this.#last = promise;
    this.#worker.postMessage({ file: this.#file } satisfies CheckpointRequest);
    const { failure } = await promise;
    if (failure !== undefined) throw Object.assign(new Error(failure.message), { code: failure.code });
  }

  /** Never rejects: after a failure nothing can be done, and nothing is lost. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, maxCloseMs);
    await Promise.race([this.#last, late.promise]);
    clearTimeout(timer);
    worker.terminate();
  }

  #begin(): Worker {
    const worker = this.#start();
    worker.addEventListener("message", ({ data }: MessageEvent<CheckpointAnswer>) => this.#answers.shift()?.(data));
    worker.addEventListener("close", () => this.#end());
    return worker;
  }

  #end(): void {
    this.#worker = undefined;
    const failure = { code: "", message: "the thread of checkpoints has ended" };
    for (const answer of this.#answers.splice(0)) answer({ failure });
  }
}
