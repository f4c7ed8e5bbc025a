import type { Checkpointer } from "../store/disk.ts";

/** What the thread is asked. It answers one request after the other. */
export interface CheckpointRequest {
  readonly kind: "checkpoint" | "close";
  readonly file: string;
}

/** What came of it. Errors do not keep their code on the way to another thread. */
export interface CheckpointAnswer {
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** Milliseconds for which the end of the thread is waited for. A disk may stall for longer. */
const maxCloseMs = 1_000;

/** Checkpoints on a thread of their own, which begins with the first of them. When it ends, the next begins another. */
export class CheckpointThread implements Checkpointer {
  readonly #file: string;
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  readonly #answers: ((answer: CheckpointAnswer) => void)[] = [];

  /** `start` starts a thread of `checkpoint-worker.ts`. */
  constructor(file: string, start: () => Worker) {
    this.#file = file;
    this.#start = start;
  }

  async checkpoint(): Promise<void> {
    this.#worker ??= this.#begin();
    const { failure } = await this.#ask(this.#worker, "checkpoint");
    if (failure !== undefined) throw Object.assign(new Error(failure.message), { code: failure.code });
  }

  /** Never rejects: nothing can be done then, and nothing is lost. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, maxCloseMs);
    await Promise.race([this.#ask(worker, "close"), late.promise]);
    clearTimeout(timer);
    worker.terminate();
  }

  #begin(): Worker {
    const worker = this.#start();
    worker.addEventListener("message", ({ data }: MessageEvent<CheckpointAnswer>) => this.#answers.shift()?.(data));
    worker.addEventListener("close", () => this.#end());
    return worker;
  }

  #ask(worker: Worker, kind: CheckpointRequest["kind"]): Promise<CheckpointAnswer> {
    const { promise, resolve } = Promise.withResolvers<CheckpointAnswer>();
    this.#answers.push(resolve);
    worker.postMessage({ kind, file: this.#file } satisfies CheckpointRequest);
    return promise;
  }

  #end(): void {
    this.#worker = undefined;
    const failure = { code: "", message: "the thread of checkpoints has ended" };
    for (const answer of this.#answers.splice(0)) answer({ failure });
  }
}
