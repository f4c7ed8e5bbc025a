import { createApi } from "../api/app.ts";
import type { Block } from "../core/block.ts";
import { type Config, defaultConfig } from "../core/config.ts";
import { parseGenesis } from "../core/genesis.ts";
import type { Log } from "../log.ts";
import { systemClock } from "../vm/clock.ts";
import { openVmAlone } from "../vm/open.ts";
import { createDevApp } from "./app.ts";
import { runEngine } from "./engine.ts";
import { listenNear } from "./listen.ts";
import { notice } from "./node-api.ts";

export interface DevOptions {
  /** The database file; ":memory:" keeps nothing. */
  readonly file: string;
  readonly genesisBytes: Uint8Array;
  readonly config: Partial<Config>;
  /** Where to listen. When the port is taken, the next free one is. */
  readonly host: string;
  readonly port: number;
  /** Of this program. */
  readonly version: string;
  readonly protocolVersion: number;
  readonly log: Log;
  readonly onAccepted: (block: Block) => void;
}

/** A chain that this process alone serves and decides. */
export interface DevChain {
  readonly genesis: Block;
  readonly lastAccepted: Block;
  /** What this is, for people. */
  readonly notice: string;
  /** `http://HOST:PORT`. */
  readonly url: string;
  readonly rpc: string;
  readonly explorer: string;
  readonly port: number;
  /** Ends it: what was accepted and what waits is in the file. */
  readonly close: () => void;
}

/** The name under which the chain is served. */
const chainAlias = "timestampvm";

/** Throws "malformed genesis", "database in use" or "database failed", and what the system says of the address. */
export function startDevChain(options: DevOptions): DevChain {
  const { file, genesisBytes, host, version, protocolVersion, log, onAccepted } = options;
  const config = { ...defaultConfig, ...options.config };
  const vm = openVmAlone({ file, genesisBytes, config, clock: systemClock, gossip: () => {} });
  try {
    const genesis = parseGenesis(genesisBytes);
    const info = { chain: [chainAlias, genesis.id] as const, version, protocolVersion };
    const node = { networkId: undefined, nodeId: undefined, notice };
    const api = createApi(vm, { version, protocol: protocolVersion, chainId: genesis.id, ...node }, log);
    const app = createDevApp({ vm, info, chainApp: (request) => api.app.fetch(request), hosts: [host] });
    const server = listenNear(host, options.port, (request) => app.fetch(request));
    vm.setState("bootstrapping");
    vm.setPreference(vm.lastAccepted.id);
    vm.setState("normal operation");
    const ended = new AbortController();
    void runEngine(vm, onAccepted, log, ended.signal);
    log.debug("serving", { file, host, port: server.port });
    const close = () => {
      ended.abort();
      void server.stop(true);
      vm.close();
    };
    const url = `http://${host}:${server.port}`;
    return {
      genesis,
      lastAccepted: vm.lastAccepted,
      notice,
      url,
      rpc: `${url}/ext/bc/${chainAlias}/rpc`,
      explorer: `${url}/ext/bc/${chainAlias}/explorer`,
      port: server.port ?? 0,
      close,
    };
  } catch (error) {
    vm.close();
    throw error;
  }
}
