import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { InitializeRequest } from "../../gen/vm/vm_pb.ts";
import type { Block } from "../core/block.ts";
import { type Config, parseConfig } from "../core/config.ts";
import { VmError } from "../core/errors.ts";
import type { HeadMarker } from "../core/head-marker.ts";
import type { Id } from "../core/id.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../vm/clock.ts";
import { type OpenOptions, openVm } from "../vm/open.ts";
import type { Vm } from "../vm/vm.ts";
import { Gossip } from "./gossip.ts";
import { GrpcClient } from "./grpc-client.ts";
import type { HttpApp } from "./http-service.ts";
import { NodeDatabase } from "./node-database.ts";

/** A plugin that was killed may hold the database for a moment longer than the node waits to start the next. */
const maxDatabaseWaitMs = 10_000;
const databaseRetryMs = 100;

const databaseFileName = "timestampvm.db";

export interface SessionOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Makes what answers the HTTP requests of a chain. */
  readonly createApp: (vm: Vm) => HttpApp;
}

/** A chain with the parts of the node that belong to it. */
interface OpenChain {
  readonly vm: Vm;
  readonly app: HttpApp;
  readonly database: NodeDatabase;
  readonly clients: readonly GrpcClient[];
}

/** One life of a plugin process, as the node leads it: Initialize once, Shutdown once. */
export class Session {
  readonly #options: SessionOptions;
  readonly #gossip: Gossip;
  #phase: "new" | "opening" | "open" | "shut down" = "new";
  #chain: OpenChain | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#gossip = new Gossip(options.log);
  }

  /** The node may only end us with a signal before Initialize or after Shutdown. */
  get mayLeave(): boolean {
    return this.#phase === "new" || this.#phase === "shut down";
  }

  /** The chain's VM, where there is one: for calls that must be answered at any time. */
  get vmIfOpen(): Vm | undefined {
    return this.#chain?.vm;
  }

  /** Throws "not initialized" or "shut down". */
  get vm(): Vm {
    return this.#open.vm;
  }

  /** Opens the chain at a head that the node's database knows too. Gives its last accepted block. */
  async initialize(request: InitializeRequest): Promise<Block> {
    if (this.#phase === "shut down") throw new VmError({ code: "shut down" });
    if (this.#phase !== "new") throw new VmError({ code: "already initialized" });
    this.#phase = "opening";
    try {
      this.#chain = await this.#openChain(request);
      this.#phase = "open";
      return this.#chain.vm.lastAccepted;
    } catch (error) {
      if (this.#phase === "opening") this.#phase = "new";
      this.#options.log.error("cannot initialize", { error: (error as Error).message });
      throw error;
    }
  }

  /** Accepts a block, here first and then in the node's database: see `HeadMarker`. */
  async acceptBlock(id: Id): Promise<void> {
    const { vm, database } = this.#open;
    vm.acceptBlock(id);
    await database.writeHeadMarker(vm.headMarker);
  }

  /** What answers HTTP requests now. */
  get app(): HttpApp {
    return this.#chain?.app ?? noApp;
  }

  /** Releases the database. What was accepted is on disk; more calls are refused. */
  shutDown(): void {
    if (this.#phase === "shut down") return;
    const chain = this.#chain;
    this.#phase = "shut down";
    this.#chain = undefined;
    if (chain !== undefined) close(chain);
    this.#options.log.info("shut down");
  }

  get #open(): OpenChain {
    if (this.#chain !== undefined) return this.#chain;
    throw new VmError({ code: this.#phase === "shut down" ? "shut down" : "not initialized" });
  }

  async #openChain(request: InitializeRequest): Promise<OpenChain> {
    const config = parseConfig(request.configBytes);
    this.#options.log.setLevel(config.logLevel);
    if (request.chainDataDir === "") throw new Error("the node gave no chain data directory");
    const clients = [new GrpcClient(request.dbServerAddr), new GrpcClient(request.serverAddr)] as const;
    const [databaseClient, servicesClient] = clients;
    try {
      const database = new NodeDatabase(databaseClient);
      const vm = await this.#openVm(request, config, await database.readHeadMarker());
      const chain = { vm, database, clients, app: this.#options.createApp(vm) };
      try {
        await database.writeHeadMarker(vm.headMarker);
        if (this.#phase !== "opening") throw new VmError({ code: "shut down" });
      } catch (error) {
        vm.close();
        throw error;
      }
      this.#gossip.connect(servicesClient);
      return chain;
    } catch (error) {
      for (const client of clients) client.close();
      throw error;
    }
  }

  async #openVm(request: InitializeRequest, config: Config, marker: HeadMarker | undefined): Promise<Vm> {
    const { log, clock } = this.#options;
    const file = join(request.chainDataDir, databaseFileName);
    const { genesisBytes } = request;
    const options = {
      file,
      genesisBytes,
      marker,
      config,
      clock,
      gossip: (data: Uint8Array) => this.#gossip.send(data),
    };
    const giveUpAtMs = clock.elapsedMs() + maxDatabaseWaitMs;
    for (;;) {
      try {
        const vm = await this.#openStretchByStretch(options);
        const { id, height } = vm.lastAccepted;
        log.info("initialized", { lastAccepted: id, height, file });
        return vm;
      } catch (error) {
        const isInUse = error instanceof VmError && error.refusal.code === "database in use";
        if (!isInUse || clock.elapsedMs() >= giveUpAtMs) throw error;
        await setTimeout(databaseRetryMs);
      }
    }
  }

  async #openStretchByStretch(options: OpenOptions): Promise<Vm> {
    const opening = openVm(options);
    for (;;) {
      const step = opening.next();
      if (step.done) return step.value;
      const { from, to, reason } = step.value;
      this.#options.log.warn("rewound the chain", { from, to, reason, file: options.file });
      await setImmediate();
    }
  }
}

const noApp: HttpApp = {
  fetch: () => new Response("the chain is not initialized\n", { status: 503 }),
  answerRpc: () => undefined,
};

function close({ vm, clients }: OpenChain): void {
  vm.close();
  for (const client of clients) client.close();
}
