import type { Config } from "../core/config.ts";
import type { HttpServer } from "../rpcchainvm/services/http-handler.ts";
import type { AskedChain } from "../vm/chain-view.ts";
import type { ConfirmedHead } from "../vm/confirmed-chain.ts";
import type { Identity } from "../vm/identity.ts";

/** Serves clients on a thread of its own, from the start of a chain to its end. */
export interface Clients {
  /** The head of the chain as clients see it. The chain is opened with it. */
  readonly head: ConfirmedHead;
  /** How often the thread was restarted. */
  readonly restarts: number;
  /** Serves a chain whose file is open. Gives the HTTP server for the node. */
  serve(served: { chain: AskedChain; file: string; identity: Identity; config: Config }): HttpServer;
  /** Ends the thread. Resolves when the thread has closed the file. */
  close(): Promise<void>;
}
