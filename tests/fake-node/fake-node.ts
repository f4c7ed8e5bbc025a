import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { idFromBytes } from "../../src/avalanche/id.ts";
import { AppMessages } from "./app-messages.ts";
import { within } from "./deadline.ts";
import { FakeDatabase } from "./fake-database.ts";
import { FakeValidators } from "./fake-validators.ts";
import { type Handshake, type Launched, launch } from "./launch.ts";
import { type AcceptedBlock, leadLife } from "./life.ts";
import type { LogLines } from "./log-lines.ts";
import { networkUpgrades } from "./network-upgrades.ts";
import { NodeServices } from "./node-services.ts";
import { Plugin } from "./plugin.ts";
import type { InitializeFields, NodeSide } from "./plugin-client.ts";
import { newestProtocol, protocols } from "./protocols.ts";

/** What a node has to know of the VM of its chain. */
export interface FakeNodeOptions {
  /** The RPCChainVM protocol that it speaks, 16 to 46; the newest if none is named. */
  readonly protocol?: number;
  /**
   * Starts the VM: the program, best by its whole path, and its arguments. It runs in a new and empty directory, with
   * the few variables that its node gives it.
   */
  readonly command: readonly string[];
  /** The VM's name: GRPC_<NAME>_PROTOCOL says the protocol to it from 23 on, as an operator may. */
  readonly name: string;
  /** What Initialize says of the genesis. */
  readonly genesisBytes: Uint8Array;
  /** What the operator configured; nothing if it is not named. */
  readonly configBytes?: Uint8Array;
  /** What the operator wrote into upgrade.json; `{}` if it is not named. */
  readonly upgradeBytes?: Uint8Array;
}

/**
 * A node as a plugin sees it: real gRPC services on the loopback interface, and processes started as AvalancheGo starts
 * them. It has one chain, whose directory and database outlive the plugins that run it. With it end all of its plugins,
 * by SIGKILL: `await using node = new FakeNode(…)`. What waits for a process,
 * its log or its messages gives up after a minute.
 */
export class FakeNode implements AsyncDisposable {
  /** All that there are: 16 to 46. */
  static readonly protocols: readonly number[] = protocols;
  /** What it lends its chain. */
  readonly database = new FakeDatabase();
  /** What plugins sent to other nodes. */
  readonly messages = new AppMessages();
  /** What it says of validators. */
  readonly validators = new FakeValidators(subnetId);
  /** Set it to another, and the next plugin meets an upgraded node. */
  protocol: number;
  readonly #options: FakeNodeOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #dir = this.#stack.use(newDirectory());
  /** Plugins remember there what a node said: each of ours is another to them. */
  readonly #temporary = this.#stack.use(newDirectory());

  constructor(options: FakeNodeOptions) {
    this.#options = options;
    this.protocol = options.protocol ?? newestProtocol;
  }

  /** Where plugins run, and the node's home. They must leave it as it is, but for the node's own directory. */
  get workingDir(): string {
    return this.#dir.path;
  }

  /** Where the node wants a chain to keep its data: it says so from protocol 20 on. */
  get chainDataDir(): string {
    return join(this.workingDir, ".avalanchego", "chainData", idFromBytes(chainId));
  }

  /**
   * Starts a plugin and shakes hands; Initialize is not called yet. It ends with the node at the latest. `under` is
   * another program with its arguments, which gets the plugin's command line. Rejects, with what the plugin wrote to
   * standard error, when it exits without a handshake, or speaks another protocol.
   */
  async startPlugin(under: readonly string[] = []): Promise<Plugin> {
    return this.startPluginAs(Plugin, under);
  }

  /** The same for those who have more to ask of their plugin than every node does. */
  protected async startPluginAs<P extends Plugin>(kind: PluginClass<P>, under: readonly string[]): Promise<P> {
    const side = await this.#side();
    const launched = await this.#launch({ under });
    const plugin = this.#stack.use(new kind(launched, await launched.handshake, side));
    await plugin.open();
    return plugin;
  }

  /**
   * Leads the VM through its life under this node's protocol, twice, and throws where a node could not go on: see
   * `leadLife`. `makeWork` makes a plugin have something to build. Gives the last block that was accepted.
   */
  leadLife(makeWork: (plugin: Plugin) => void | Promise<void>): Promise<AcceptedBlock> {
    return leadLife(this, makeWork);
  }

  /** Starts a plugin for which an operator names another protocol, and refuses it. Gives how it ended. */
  async refusePlugin(namedProtocol: number): Promise<{ readonly code: number; readonly log: LogLines }> {
    const { process, handshake, log } = await this.#launch({ namedProtocol, under: underShell });
    await handshake.catch(() => {});
    const code = await within("the plugin's end", process.exited);
    await log.ended;
    return { code, log };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** What one plugin gets of the node. */
  async #side(): Promise<NodeSide> {
    const { protocol, messages } = this;
    const services = this.#stack.use(await NodeServices.listen(protocol, this));
    return { protocol, services, messages, fields: this.#initializeFields(services) };
  }

  /** What the node says at Initialize, in the newest layout. */
  #initializeFields({ database, others }: NodeServices): InitializeFields {
    const { genesisBytes, configBytes, upgradeBytes = new TextEncoder().encode("{}") } = this.#options;
    return {
      networkId: 1337,
      subnetId,
      chainId,
      nodeId: new Uint8Array(20).fill(3),
      publicKey: new Uint8Array(48).fill(4),
      xChainId: new Uint8Array(32).fill(5),
      cChainId: new Uint8Array(32).fill(6),
      avaxAssetId: new Uint8Array(32).fill(7),
      chainDataDir: this.chainDataDir,
      genesisBytes,
      upgradeBytes,
      ...(configBytes !== undefined && { configBytes }),
      dbServerAddr: database.address,
      serverAddr: others.address,
      networkUpgrades,
    };
  }

  async #launch(options: { readonly under: readonly string[]; readonly namedProtocol?: number }): Promise<Launched> {
    const { command, name } = this.#options;
    const launched = await launch({
      protocol: this.protocol,
      command,
      name,
      directory: this.workingDir,
      temporary: this.#temporary.path,
      ...options,
    });
    return this.#stack.use(launched);
  }
}

type PluginClass<P extends Plugin> = new (launched: Launched, handshake: Handshake, side: NodeSide) => P;

function newDirectory() {
  return mkdtempDisposableSync(join(tmpdir(), "fake-node-"));
}

const subnetId = new Uint8Array(32).fill(1);
const chainId = new Uint8Array(32).fill(2);

/** What a plugin learns of its node is about that process, which must not be ours: we are many nodes. */
const underShell = [
  "/bin/sh",
  "-c",
  '"$@" & child=$!; for signal in INT TERM; do trap "kill -$signal $child 2>/dev/null" $signal; done; ' +
    "wait $child; code=$?; if [ $code -gt 128 ]; then wait $child; code=$?; fi; exit $code", // a signal ends one wait
  "sh",
];
