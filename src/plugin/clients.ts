import type { Config } from "../core/config.ts";
import type { HttpServer } from "../rpcchainvm/services/http-handler.ts";
import type { AskedChain } from "../vm/chain-view.ts";
import type { ConfirmedHead } from "../vm/confirmed-chain.ts";
import type { Identity } from "../vm/identity.ts";

/** What serves clients, on a thread of its own, from the start of a chain to its end. */
export interface Clients {
  /** To open the chain with. */
  readonly head: ConfirmedHead;
  /** How often the thread was started again. */
  readonly restarts: number;
  /** Serves a chain, whose file is open. Gives where. */
  serve(served: { chain: AskedChain; file: string; identity: Identity; config: Config }): HttpServer;
  /** Resolves when the file is closed on that thread. */
  close(): Promise<void>;
}
