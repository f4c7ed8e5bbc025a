import { once } from "node:events";
import { createServer } from "node:net";
import { explorerPath, rpcPath } from "../api/paths.ts";
import { textOf } from "../avalanche/coded-error.ts";
import type { Config } from "../core/config.ts";
import type { Log } from "../log.ts";
import type { HttpServer } from "../rpcchainvm/services/http-handler.ts";
import type { AskedChain } from "../vm/chain-view.ts";
import type { Clock } from "../vm/clock.ts";
import type { Identity } from "../vm/identity.ts";
import { answerQuestion } from "./answer.ts";
import type { FromClients, Opening, ToClients } from "./messages.ts";
import type { SharedFigures } from "./shared.ts";

/** Milliseconds between two looks at whether the thread is alive. */
export const watchMs = 250;
/** Looks without a beat after which a thread that serves is ended: some 5 s. */
export const maxSilentLooks = 20;
/** Looks after which a thread is ended that does not serve yet: some 60 s. */
export const maxStartLooks = 240;
/** Milliseconds after which the node gets an address at which nothing listens yet. */
export const maxAddressWaitMs = 30_000;
/** Milliseconds that the thread has to close the file, also where the processor has much else to do. */
export const closeMs = 1_000;
/** Milliseconds until the next start, after one that did not last for `steadyMs`; doubled each time … */
export const firstPauseMs = 100;
/** … up to this. */
export const maxPauseMs = 10_000;
/** Milliseconds for which a thread must have lived for the next to start at once. */
export const steadyMs = 60_000;

/** What starts threads and hears of them. */
export interface ThreadParts {
  /** Starts a thread whose entry is `worker.ts`. */
  readonly createWorker: () => Worker;
  readonly clock: Clock;
  readonly log: Log;
  /** Those of the `head` that the chain was opened with. */
  readonly figures: SharedFigures;
}

/** Which chain is served, and how. */
export interface Served {
  readonly chain: AskedChain;
  readonly file: string;
  readonly identity: Identity;
  readonly config: Config;
}

/**
 * The thread that serves clients, as that of consensus sees it. It is started at once, and again on the same port when
 * it ends or is stuck, until `close`. Consensus waits for none of that.
 */
export class ClientThread {
  readonly #parts: ThreadParts;
  readonly #address = Promise.withResolvers<string>();
  #served: Served | undefined;
  #worker: Worker | undefined;
  /** 0 until it is known. */
  #port = 0;
  #isListening = false;
  #beats = 0;
  #silentLooks = 0;
  #startedAtMs = 0;
  #pauseMs = 0;
  #restarts = 0;
  #isClosed = false;
  #cancelLook: () => void = () => {};
  /** Of the next start, while it is to come: no thread is there then. */
  #cancelStart: (() => void) | undefined;

  constructor(parts: ThreadParts) {
    this.#parts = parts;
    parts.figures.onAwaitedHeight = () => this.#post({ type: "confirmed" });
    this.#start();
    this.#look();
  }

  /** To open the chain with, which sets the height. */
  get head(): SharedFigures {
    return this.#parts.figures;
  }

  /** How often a thread took the place of another. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Serves a chain, whose file this process has open. Gives where; the address comes when the thread listens. */
  serve(served: Served): HttpServer {
    this.#served = served;
    this.#open();
    this.#parts.clock.after(maxAddressWaitMs, () => void this.#chooseAddress());
    return { paths: [rpcPath, explorerPath], address: this.#address.promise };
  }

  /** Ends the thread; resolves when it has closed the file, or `closeMs` have passed. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#isClosed = true;
    this.#worker = undefined;
    this.#cancelLook();
    this.#cancelStart?.();
    if (worker === undefined) return;
    if (this.#served !== undefined) {
      const ended = Promise.withResolvers<void>();
      worker.addEventListener("close", () => ended.resolve());
      worker.addEventListener("message", ({ data }: MessageEvent<FromClients>) => {
        if (data.type === "closed") ended.resolve();
      });
      worker.postMessage({ type: "close" } satisfies ToClients);
      const cancel = this.#parts.clock.after(closeMs, ended.resolve);
      await ended.promise;
      cancel();
    }
    worker.terminate();
    this.#parts.figures.forgetClients();
  }

  #start(): void {
    this.#cancelStart = undefined;
    this.#startedAtMs = this.#parts.clock.elapsedMs();
    this.#silentLooks = 0;
    try {
      const worker = this.#parts.createWorker();
      worker.addEventListener("message", ({ data }: MessageEvent<FromClients>) => void this.#receive(worker, data));
      worker.addEventListener("error", ({ message }) => this.#replace(worker, message));
      worker.addEventListener("close", () => this.#replace(worker, "it ended"));
      this.#worker = worker;
      this.#open();
    } catch (error) {
      this.#replace(this.#worker, textOf(error));
    }
  }

  #open(): void {
    if (this.#served === undefined) return;
    const { file, identity, config } = this.#served;
    const opening: Opening = { file, identity, config, port: this.#port, memory: this.#parts.figures.memory };
    this.#post({ type: "open", ...opening });
  }

  #post(message: ToClients): void {
    this.#worker?.postMessage(message);
  }

  async #receive(worker: Worker, message: FromClients): Promise<void> {
    if (worker !== this.#worker || this.#served === undefined) return;
    if (message.type === "closed") return; // see `close`
    if (message.type === "listening") return this.#noteAddress(message.address);
    const answer = await answerQuestion(this.#served.chain, message, this.#parts.log);
    if (worker === this.#worker) this.#post(answer);
  }

  #noteAddress(address: string): void {
    this.#isListening = true;
    this.#silentLooks = 0;
    this.#port = Number(address.split(":").at(-1));
    this.#address.resolve(address);
    this.#parts.log.debug("serving clients", { address });
  }

  /** The node must not wait for a thread that does not come up: it gets an address where that will be later. */
  async #chooseAddress(): Promise<void> {
    if (this.#port !== 0) return;
    const address = await findAddress();
    if (this.#port !== 0 || this.#isClosed) return;
    this.#noteAddress(address);
    this.#isListening = false;
    this.#replace(this.#worker, "it does not listen");
  }

  /** Counts looks and not time: this process, or the machine, may have been asleep. */
  #look(): void {
    this.#cancelLook = this.#parts.clock.after(watchMs, () => this.#look());
    const { beats } = this.#parts.figures;
    const isAlive = this.#isListening ? beats !== this.#beats : this.#served === undefined;
    this.#beats = beats;
    this.#silentLooks = isAlive ? 0 : this.#silentLooks + 1;
    if (this.#silentLooks > (this.#isListening ? maxSilentLooks : maxStartLooks)) {
      this.#replace(this.#worker, "it is stuck");
    }
  }

  /** Ends what is left of a thread, and starts the next one soon. */
  #replace(worker: Worker | undefined, reason: string): void {
    if (this.#isClosed || worker !== this.#worker || this.#cancelStart !== undefined) return;
    this.#worker = undefined;
    this.#isListening = false;
    worker?.terminate();
    this.#parts.figures.forgetClients();
    const { clock, log } = this.#parts;
    const isSteady = clock.elapsedMs() - this.#startedAtMs >= steadyMs;
    const pauseMs = isSteady ? 0 : Math.min(this.#pauseMs, maxPauseMs);
    this.#pauseMs = isSteady ? firstPauseMs : Math.max(firstPauseMs, 2 * pauseMs);
    this.#restarts++;
    log.error("clients' thread started again", { reason, pauseMs, restarts: this.#restarts });
    this.#cancelStart = clock.after(pauseMs, () => this.#start());
  }
}

/** A free port of the loopback interface, and so of none until a thread takes it. */
async function findAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}
