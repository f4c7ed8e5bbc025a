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

/** Milliseconds between two checks that the thread is alive. */
export const watchMs = 250;
/** A thread that serves is ended after this many checks without a beat: some 5 s. */
export const maxSilentLooks = 20;
/** A thread that does not serve yet is ended after this many checks: some 60 s. */
export const maxStartLooks = 240;
/** After this many milliseconds the node gets an address, even if nothing listens there yet. */
export const maxAddressWaitMs = 30_000;
/** Milliseconds that the thread has to close the file, enough for a busy processor. */
export const closeMs = 1_000;
/** Milliseconds until the next start, after a thread that lived less than `steadyMs`. Doubles each time. */
export const firstPauseMs = 100;
/** The most milliseconds until the next start. */
export const maxPauseMs = 10_000;
/** A thread that lived this many milliseconds is replaced at once. */
export const steadyMs = 60_000;

export interface ThreadParts {
  /** Starts a thread whose entry is `worker.ts`. */
  readonly createWorker: () => Worker;
  readonly clock: Clock;
  readonly log: Log;
  /** The `head` that the chain was opened with. */
  readonly figures: SharedFigures;
}

/** The chain to serve. */
export interface Served {
  readonly chain: AskedChain;
  readonly file: string;
  readonly identity: Identity;
  readonly config: Config;
}

/**
 * The clients' thread, as seen from the thread of consensus. It is started at once. When it ends or is stuck, another
 * is started on the same port, until `close`. Consensus never waits for it.
 */
export class ClientThread {
  readonly #parts: ThreadParts;
  readonly #address = Promise.withResolvers<string>();
  #served: Served | undefined;
  #worker: Worker | undefined;
  /** 0 until the port is known. */
  #port = 0;
  #isListening = false;
  #beats = 0;
  #silentLooks = 0;
  #startedAtMs = 0;
  #pauseMs = 0;
  #restarts = 0;
  #isClosed = false;
  #cancelLook: () => void = () => {};
  /** Cancels the next start. Set while there is no thread. */
  #cancelStart: (() => void) | undefined;

  constructor(parts: ThreadParts) {
    this.#parts = parts;
    parts.figures.onAwaitedHeight = () => this.#post({ type: "confirmed" });
    this.#start();
    this.#look();
  }

  /** Open the chain with it: the chain sets the height. */
  get head(): SharedFigures {
    return this.#parts.figures;
  }

  /** How often a thread was replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Serves a chain whose file this process has open. The address that it gives resolves when the thread listens. */
  serve(served: Served): HttpServer {
    this.#served = served;
    this.#open();
    this.#parts.clock.after(maxAddressWaitMs, () => void this.#chooseAddress());
    return { paths: [rpcPath, explorerPath], address: this.#address.promise };
  }

  /** Ends the thread. Resolves when it has closed the file, or `closeMs` have passed. */
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

  /** If the thread does not start, the node must not wait: it gets an address on which a later thread will listen. */
  async #chooseAddress(): Promise<void> {
    if (this.#port !== 0) return;
    const address = await findAddress();
    if (this.#port !== 0 || this.#isClosed) return;
    this.#noteAddress(address);
    this.#isListening = false;
    this.#replace(this.#worker, "it does not listen");
  }

  /** Counts checks instead of time, since the process or the machine may have been suspended. */
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

  /** Ends a thread, and starts the next one soon. */
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

/** The address of a free port of the loopback interface. It stays free until a thread takes it. */
async function findAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}
