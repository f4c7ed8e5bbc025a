import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { AppSender, type SendAppGossipMsg } from "../../gen/appsender/appsender_pb.ts";
import { Runtime } from "../../gen/vm/runtime/runtime_pb.ts";
import { genesisBytes } from "./chain.ts";
import { within } from "./deadline.ts";
import { FakeDatabase } from "./fake-database.ts";
import { GrpcPeer } from "./grpc-peer.ts";
import { LogLines } from "./log-lines.ts";
import { type Handshake, type InitializeFields, Plugin, PluginClient, type PluginProcess } from "./plugin.ts";
import { pluginCommand, pluginEnvironment } from "./plugin-command.ts";
import { temporaryDirectory } from "./temporary.ts";

/**
 * A node as a plugin sees it: real gRPC services on the loopback interface, and processes started as AvalancheGo starts
 * them. It has one chain, whose directory and database outlive the plugins that run it.
 */
export class FakeNode implements AsyncDisposable {
  readonly database: FakeDatabase;
  /** What plugins asked to be gossiped. */
  readonly gossip: SendAppGossipMsg[] = [];
  readonly #onGossip = new Set<() => void>();
  readonly #dir: ReturnType<typeof temporaryDirectory>;
  readonly #stack: AsyncDisposableStack;
  #databaseAddress = "";
  #servicesAddress = "";

  static async start(database = new FakeDatabase()): Promise<FakeNode> {
    const node = new FakeNode(database);
    await node.#listen();
    return node;
  }

  private constructor(database: FakeDatabase) {
    this.database = database;
    this.#stack = new AsyncDisposableStack();
    this.#dir = this.#stack.use(temporaryDirectory());
  }

  /** Where plugins run. They must leave it as it is. */
  get workingDir(): string {
    return this.#dir.path;
  }

  get chainDataDir(): string {
    return join(this.#dir.path, "chain data");
  }

  get databaseFile(): string {
    return join(this.chainDataDir, "timestampvm.db");
  }

  /** Starts a plugin and shakes hands. It ends with the node at the latest. */
  async startPlugin(): Promise<Plugin> {
    const shaken = Promise.withResolvers<Handshake>();
    const runtime = await this.#serveRuntime((handshake) => shaken.resolve(handshake));
    const child = this.spawn(runtime.address);
    const log = new LogLines(child.stderr);
    const left = child.exited.then((code) => {
      throw new Error(`the plugin left with ${code}: ${log.text.join("\n")}`);
    });
    left.catch(() => {});
    const handshake = await within("the handshake", Promise.race([shaken.promise, left]));
    return this.#stack.use(new Plugin(child, handshake, log, this.initializeFields()));
  }

  /** Starts a plugin and answers its handshake with `refusal`. Gives how it left. */
  async refusePlugin(refusal: string): Promise<{ readonly code: number; readonly log: LogLines }> {
    const runtime = await this.#serveRuntime(() => {
      throw new ConnectError(refusal, Code.Unknown);
    });
    const child = this.spawn(runtime.address);
    const log = new LogLines(child.stderr);
    const code = await within("the plugin's end", child.exited);
    await log.ended;
    return { code, log };
  }

  /** The process alone. `command` starts another program than the plugin, which gets the plugin's command line. */
  spawn(runtimeAddress: string, command: readonly string[] = []): PluginProcess {
    const child = Bun.spawn([...command, ...pluginCommand], {
      cwd: this.workingDir,
      env: pluginEnvironment(runtimeAddress),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#stack.defer(async () => {
      child.kill("SIGKILL");
      await child.exited;
    });
    return child;
  }

  /** A runtime server for one process. */
  async serveRuntime(): Promise<{ readonly address: string; readonly handshake: Promise<Handshake> }> {
    const { promise, resolve } = Promise.withResolvers<Handshake>();
    const { address } = await this.#serveRuntime(resolve);
    return { address, handshake: within("the handshake", promise) };
  }

  /** A client of a plugin that was started in another way. */
  connect(address: string): PluginClient {
    return new PluginClient(address, this.initializeFields());
  }

  /** What the node says at Initialize. */
  initializeFields(): InitializeFields {
    return {
      networkId: 1337,
      subnetId: new Uint8Array(32).fill(1),
      chainId: new Uint8Array(32).fill(2),
      nodeId: new Uint8Array(20).fill(3),
      chainDataDir: this.chainDataDir,
      genesisBytes: genesisBytes,
      dbServerAddr: this.#databaseAddress,
      serverAddr: this.#servicesAddress,
    };
  }

  /** Resolves when so many messages were gossiped. */
  async waitForGossip(count: number): Promise<readonly SendAppGossipMsg[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const watch = () => {
      if (this.gossip.length >= count) resolve();
    };
    this.#onGossip.add(watch);
    watch();
    await within(`${count} gossip messages`, promise);
    this.#onGossip.delete(watch);
    return this.gossip;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #listen(): Promise<void> {
    const database = this.#stack.use(await GrpcPeer.listen((router) => this.database.addTo(router)));
    const services = this.#stack.use(
      await GrpcPeer.listen((router) => {
        router.service(AppSender, {
          sendAppGossip: (message) => {
            this.gossip.push(message);
            for (const watch of this.#onGossip) watch();
            return {};
          },
        });
      }),
    );
    this.#databaseAddress = database.address;
    this.#servicesAddress = services.address;
  }

  async #serveRuntime(initialize: (handshake: Handshake) => void): Promise<GrpcPeer> {
    return this.#stack.use(
      await GrpcPeer.listen((router) => {
        router.service(Runtime, {
          initialize: ({ protocolVersion, addr }) => {
            initialize({ protocolVersion, addr });
            return {};
          },
        });
      }),
    );
  }
}
