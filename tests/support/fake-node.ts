import { join } from "node:path";
import type { SendAppGossipMsg } from "../../gen/appsender/appsender_pb.ts";
import { idFromBytes } from "../../src/avalanche/id.ts";
import { genesisBytes } from "./chain.ts";
import { within } from "./deadline.ts";
import { FakeDatabase } from "./fake-database.ts";
import { GrpcPeer } from "./grpc-peer.ts";
import { type Launched, launch } from "./launch.ts";
import type { LogLines } from "./log-lines.ts";
import { networkUpgrades } from "./network-upgrades.ts";
import { NodeServices } from "./node-services.ts";
import { Plugin } from "./plugin.ts";
import type { InitializeFields, NodeSide } from "./plugin-client.ts";
import { testProtocol } from "./protocols.ts";
import { temporaryDirectory } from "./temporary.ts";

/**
 * A node as a plugin sees it: real gRPC services on the loopback interface, and processes started as AvalancheGo starts
 * them. It has one chain, whose directory and database outlive the plugins that run it.
 */
export class FakeNode implements AsyncDisposable {
  readonly database = new FakeDatabase();
  /** Set it to another, and the next plugin meets an upgraded node. */
  protocol: number;
  /** What plugins asked to be gossiped. */
  readonly gossip: SendAppGossipMsg[] = [];
  readonly #onGossip = new Set<() => void>();
  readonly #dir: ReturnType<typeof temporaryDirectory>;
  /** Plugins remember there what a node said: each of ours is another to them. */
  readonly #temporary: ReturnType<typeof temporaryDirectory>;
  readonly #stack: AsyncDisposableStack;
  #databaseAddress = "";

  /** Speaks the protocol of this run if no other is named. */
  static async start({ protocol = testProtocol } = {}): Promise<FakeNode> {
    const node = new FakeNode(protocol);
    const database = await GrpcPeer.listen((router) => node.database.addTo(router));
    node.#databaseAddress = node.#stack.use(database).address;
    return node;
  }

  private constructor(protocol: number) {
    this.protocol = protocol;
    this.#stack = new AsyncDisposableStack();
    this.#dir = this.#stack.use(temporaryDirectory());
    this.#temporary = this.#stack.use(temporaryDirectory());
  }

  /** Where plugins run, and the node's home. They must leave it as it is, but for the node's own directory. */
  get workingDir(): string {
    return this.#dir.path;
  }

  /** Where the node wants a chain to keep its data: it says so from protocol 20 on. */
  get chainDataDir(): string {
    return join(this.#dir.path, ".avalanchego", "chainData", idFromBytes(chainId));
  }

  get databaseFile(): string {
    return join(this.chainDataDir, "timestampvm.db");
  }

  /** Starts a plugin and shakes hands. It ends with the node at the latest. `command` starts it in another program. */
  async startPlugin(command: readonly string[] = []): Promise<Plugin> {
    const side = await this.#side();
    return this.#stack.use(await Plugin.connect(await this.#launch({ command }), side));
  }

  /** Starts a plugin that an operator tells another protocol, and refuses it. Gives how it left. */
  async refusePlugin(toldProtocol: number): Promise<{ readonly code: number; readonly log: LogLines }> {
    const { process, handshake, log } = await this.#launch({ toldProtocol, command: underShell });
    await handshake.catch(() => {});
    const code = await within("the plugin's end", process.exited);
    await log.ended;
    return { code, log };
  }

  /** What the node says at Initialize, in the newest layout. */
  initializeFields(serverAddr = ""): InitializeFields {
    return {
      networkId: 1337,
      subnetId: new Uint8Array(32).fill(1),
      chainId,
      nodeId: new Uint8Array(20).fill(3),
      publicKey: new Uint8Array(48).fill(4),
      xChainId: new Uint8Array(32).fill(5),
      cChainId: new Uint8Array(32).fill(6),
      avaxAssetId: new Uint8Array(32).fill(7),
      chainDataDir: this.chainDataDir,
      genesisBytes,
      upgradeBytes: new TextEncoder().encode("{}"),
      dbServerAddr: this.#databaseAddress,
      serverAddr,
      networkUpgrades,
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

  /** What one plugin gets of the node. */
  async #side(): Promise<NodeSide> {
    const { protocol } = this;
    const services = await NodeServices.listen(protocol, (message) => {
      this.gossip.push(message);
      for (const watch of this.#onGossip) watch();
    });
    this.#stack.use(services);
    return { protocol, services, fields: this.initializeFields(services.address) };
  }

  async #launch(options: { command: readonly string[]; toldProtocol?: number }): Promise<Launched> {
    const launched = await launch({
      protocol: this.protocol,
      directory: this.workingDir,
      temporary: this.#temporary.path,
      ...options,
    });
    return this.#stack.use(launched);
  }
}

const chainId = new Uint8Array(32).fill(2);

/** What a plugin learns of its node is about that process, which must not be ours: we are many nodes. */
const underShell = [
  "/bin/sh",
  "-c",
  '"$@" & child=$!; for signal in INT TERM; do trap "kill -$signal $child 2>/dev/null" $signal; done; ' +
    "wait $child; code=$?; if [ $code -gt 128 ]; then wait $child; code=$?; fi; exit $code", // a signal ends one wait
  "sh",
];
