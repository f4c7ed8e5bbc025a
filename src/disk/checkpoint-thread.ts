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

/** Checkpoints on a thread of their own. */
export class CheckpointThread implements Checkpointer {
  readonly #file: string;
  readonly #worker: Worker;
  readonly #answers: ((answer: CheckpointAnswer) => void)[] = [];

  /** `worker` runs `checkpoint-worker.ts`. The file may be opened later: the first checkpoint needs it. */
  constructor(file: string, worker: Worker) {
    this.#file = file;
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<CheckpointAnswer>) => this.#answer(data));
    worker.addEventListener("error", ({ message }) => this.#end(message));
    worker.addEventListener("close", () => this.#end("it has ended"));
  }

  async checkpoint(): Promise<void> {
    const { failure } = await this.#ask("checkpoint");
    if (failure !== undefined) throw Object.assign(new Error(failure.message), { code: failure.code });
  }

  /** Never rejects: nothing can be done then, and nothing is lost. */
  async close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, maxCloseMs);
    });
    await Promise.race([this.#ask("close"), late]);
    clearTimeout(timer);
    this.#worker.terminate();
  }

  #ask(kind: CheckpointRequest["kind"]): Promise<CheckpointAnswer> {
    const { promise, resolve } = Promise.withResolvers<CheckpointAnswer>();
    this.#answers.push(resolve);
    const request: CheckpointRequest = { kind, file: this.#file };
    this.#worker.postMessage(request);
    return promise;
  }

  #answer(answer: CheckpointAnswer): void {
    this.#answers.shift()?.(answer);
  }

  #end(problem: string): void {
    const failure = { code: "", message: `the thread of checkpoints failed: ${problem}` };
    for (const answer of this.#answers.splice(0)) answer({ failure });
  }
}
