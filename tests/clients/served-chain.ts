import { setTimeout } from "node:timers/promises";
import type { Client } from "@connectrpc/connect";
import type { HTTP } from "../../gen/http/http_pb.ts";
import { SharedFigures } from "../../src/clients/shared.ts";
import { ClientThread } from "../../src/clients/thread.ts";
import { type Config, defaultConfig } from "../../src/core/config.ts";
import { Log } from "../../src/log.ts";
import { type Clock, systemClock } from "../../src/vm/clock.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { deadlineMs, within } from "../fake-node/deadline.ts";
import { GrpcChannel } from "../fake-node/grpc-peer.ts";
import { servicesOf } from "../fake-node/services.ts";
import { bytesOf, startVm } from "../support/chain.ts";
import { identity } from "../support/identity.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { testProtocol } from "../support/test-protocol.ts";
import type { Misbehaviour } from "./misbehaving-worker.ts";

const entries = { worker: "../../src/clients/worker.ts", misbehaving: "./misbehaving-worker.ts" };

/** A chain of this thread, whose clients are served by another one, over a connection as a node has. */
export class ServedChain implements AsyncDisposable {
  readonly vm: Vm;
  readonly file: string;
  readonly clients: ClientThread;
  readonly logged: string[] = [];
  readonly address: string;
  readonly #directory: ReturnType<typeof temporaryDirectory>;
  readonly #workers: Worker[];
  readonly #channels: GrpcChannel[] = [];
  #http: Client<typeof HTTP>;

  static async start({
    entry = "worker" as keyof typeof entries,
    name = "chain.db",
    config = {} as Partial<Config>,
    prepare = (_file: string): HeadMarker | undefined => undefined,
    beforeStart = () => {},
    clock = systemClock as Clock,
    onServe = () => {},
  } = {}): Promise<ServedChain> {
    const directory = temporaryDirectory();
    const logged: string[] = [];
    const workers: Worker[] = [];
    const createWorker = () => {
      beforeStart();
      const worker = new Worker(new URL(entries[entry], import.meta.url).href);
      workers.push(worker);
      return worker;
    };
    const figures = new SharedFigures();
    const clients = new ClientThread({ createWorker, clock, log: new Log((line) => logged.push(line)), figures });
    const file = directory.file(name);
    const { vm } = startVm({ file, config, marker: prepare(file), head: clients.head });
    const served = { chain: vm, file, identity: { ...identity, protocol: testProtocol } };
    const { address } = clients.serve({ ...served, config: { ...defaultConfig, logLevel: "error", ...config } });
    onServe();
    return new ServedChain({
      vm,
      file,
      clients,
      logged,
      address: await within("the address", Promise.resolve(address)),
      directory,
      workers,
    });
  }

  private constructor(parts: Parts) {
    this.vm = parts.vm;
    this.file = parts.file;
    this.clients = parts.clients;
    this.logged = parts.logged;
    this.address = parts.address;
    this.#directory = parts.directory;
    this.#workers = parts.workers;
    this.#http = this.#connect();
  }

  /** Sends a request for JSON-RPC; gives the text of the answer. Rejects with the status of the call. */
  async post(body: string, signal?: AbortSignal): Promise<string> {
    const request = {
      method: "POST",
      url: "/ext/bc/chain/rpc",
      requestHeaders: [{ key: "Content-Type", values: ["application/json"] }],
      body: bytesOf(body),
    };
    const answer = await this.#http.handleSimple(request, signal && { signal });
    return new TextDecoder().decode(answer.body);
  }

  /** The result of a call of a method. Throws what the error says. */
  async call(method: string, params: object = [], signal?: AbortSignal): Promise<Record<string, unknown>> {
    const text = await this.post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), signal);
    const { result, error } = JSON.parse(text);
    if (error !== undefined) throw new Error(error.message);
    return result;
  }

  propose(text: string, signal?: AbortSignal): Promise<unknown> {
    return this.call("proposeBlock", { data: bytesOf(text).toBase64() }, signal);
  }

  /** Resolves when a condition holds, which is looked at again and again. */
  until(what: string, isSo: () => boolean): Promise<void> {
    const look = async () => {
      while (!isSo()) await setTimeout(1);
    };
    return within(what, look());
  }

  /** Resolves when so many calls wait for a block. */
  untilWaiting(count: number): Promise<void> {
    return this.until(`${count} waiting calls`, () => this.clients.head.waiting === count);
  }

  /** Makes the thread that serves do something that it should not. Resolves when it does so. */
  misbehave(way: string): Promise<void> {
    const begun = new Int32Array(new SharedArrayBuffer(4));
    this.#workers.at(-1)?.postMessage({ way, file: this.file, begun } satisfies Misbehaviour);
    return this.until("the misbehaviour", () => begun[0] === 1);
  }

  /** Resolves when a call is answered again, on a new connection to the same address. */
  async untilServed(): Promise<void> {
    const ask = async () => {
      // A thread that is stuck never answers; one that is slow has more time at each try.
      for (let ms = 1_000; ; ms = Math.min(2 * ms, deadlineMs)) {
        this.#http = this.#connect();
        const isAnswered = await this.call("ping", [], AbortSignal.timeout(ms)).then(
          () => true,
          () => false,
        );
        if (isAnswered) return;
      }
    };
    await within("an answer at the same address", ask());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clients.close();
    this.vm.close();
    for (const channel of this.#channels) channel[Symbol.dispose]();
    this.#directory[Symbol.dispose]();
  }

  #connect(): Client<typeof HTTP> {
    const channel = new GrpcChannel(this.address);
    this.#channels.push(channel);
    return channel.client(servicesOf(testProtocol).http);
  }
}

interface Parts {
  readonly vm: Vm;
  readonly file: string;
  readonly clients: ClientThread;
  readonly logged: string[];
  readonly address: string;
  readonly directory: ReturnType<typeof temporaryDirectory>;
  readonly workers: Worker[];
}
