import { Code, ConnectError } from "@connectrpc/connect";
import type { InitializeRequest } from "../../gen/vm/vm_pb.ts";
import { messageOf } from "../avalanche/coded-error.ts";
import type { Log } from "../log.ts";
import type { Block, ChainVm, NodeContext } from "./chain-vm.ts";
import { type NodeConnection, openNode } from "./node/connection.ts";
import { notifyEngine } from "./node/messenger.ts";
import type { Protocol } from "./protocol.ts";
import type { NodeSettings } from "./start/chain-data-dir.ts";

export interface SessionOptions {
  readonly protocol: Protocol;
  readonly node: NodeSettings;
  readonly log: Log;
  /** Opens the chain that the node asks for. Holds nothing open when it rejects. */
  readonly open: (context: NodeContext) => Promise<ChainVm>;
}

interface OpenChain {
  readonly vm: ChainVm;
  readonly node: NodeConnection;
}

/** The life of a plugin process: the node calls Initialize once and Shutdown once. */
export class Session {
  readonly #options: SessionOptions;
  #phase: "new" | "opening" | "open" | "shut down" = "new";
  #chain: OpenChain | undefined;
  #end: Promise<void> | undefined;
  readonly #ended = new AbortController();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Whether a signal may end the process: only before Initialize or after Shutdown. */
  get mayEnd(): boolean {
    return this.#phase === "new" || this.#phase === "shut down";
  }

  /** The chain, if it is open: for calls that must be answered at any time. */
  get chainIfOpen(): OpenChain | undefined {
    return this.#chain;
  }

  /** Aborts when the chain is shut down. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The open chain's VM. Throws when it is not open yet, or not any more. */
  get vm(): ChainVm {
    if (this.#chain !== undefined) return this.#chain.vm;
    if (this.#phase === "shut down") throw shutDown();
    throw new ConnectError("the VM is not initialized", Code.FailedPrecondition);
  }

  /** Opens the chain. Gives what `reply` makes of its last accepted block. The chain is closed if that throws. */
  async initialize<Reply>(request: InitializeRequest, reply: (lastAccepted: Block) => Reply): Promise<Reply> {
    if (this.#phase === "shut down") throw shutDown();
    if (this.#phase !== "new") throw new ConnectError("the VM is initialized already", Code.FailedPrecondition);
    this.#phase = "opening";
    try {
      const chain = await this.#open(request);
      return await this.#start(chain, reply);
    } catch (error) {
      if (this.#phase === "opening") this.#phase = "new";
      this.#options.log.error("cannot initialize", { error: messageOf(error) });
      throw error;
    }
  }

  /** Shuts the chain down and releases what it holds. Later calls are refused. */
  shutDown(): Promise<void> {
    this.#end ??= this.#endChain();
    return this.#end;
  }

  /** Waiting calls end first, so that no call reaches a VM that is shutting down, even if its shutdown fails. */
  async #endChain(): Promise<void> {
    const chain = this.#chain;
    this.#phase = "shut down";
    this.#chain = undefined;
    this.#ended.abort(shutDown());
    if (chain !== undefined) await close(chain);
    this.#options.log.info("shut down");
  }

  async #start<Reply>(chain: OpenChain, reply: (lastAccepted: Block) => Reply): Promise<Reply> {
    const { vm, node } = chain;
    const { protocol, log } = this.#options;
    try {
      if (this.#phase !== "opening") throw shutDown();
      const answer = reply(vm.lastAccepted);
      this.#chain = chain;
      this.#phase = "open";
      if (protocol.events === "notify")
        void notifyEngine({ vm, node: node.services, protocol, log, ended: this.ended });
      return answer;
    } catch (error) {
      await close(chain);
      throw error;
    }
  }

  async #open(request: InitializeRequest): Promise<OpenChain> {
    const node = openNode(request, this.#options);
    try {
      return { vm: await this.#options.open(node.context), node };
    } catch (error) {
      node.close();
      throw error;
    }
  }
}

async function close({ vm, node }: OpenChain): Promise<void> {
  try {
    await vm.shutdown?.();
  } finally {
    node.close();
  }
}

function shutDown(): ConnectError {
  return new ConnectError("the VM is shut down", Code.Unavailable);
}
