import { getRequestListener } from "@hono/node-server";
import { Admission } from "../api/admission.ts";
import { createApi } from "../api/app.ts";
import { explorerPath, rpcPath } from "../api/paths.ts";
import { Turns } from "../api/turns.ts";
import { noNode } from "../avalanche/node-id.ts";
import { formatAddress } from "../core/address.ts";
import type { Block } from "../core/block.ts";
import { type Config, defaultConfig } from "../core/config.ts";
import { parseGenesis } from "../core/genesis.ts";
import { localDisk } from "../disk/log-disk.ts";
import { createExplorer } from "../explorer/explorer.tsx";
import type { Log } from "../log.ts";
import { openDoor } from "../operator/door.ts";
import { systemClock } from "../vm/clock.ts";
import { warnOfClockJumps } from "../vm/first-sights.ts";
import { openVmAlone } from "../vm/open.ts";
import { proposeSynced, viewOf } from "../vm/synced.ts";
import { createDevApp } from "./app.ts";
import { runEngine } from "./engine.ts";
import { listenNear, portOf } from "./listen.ts";
import { notice } from "./node-api.ts";

export interface DevOptions {
  /** The database file, or ":memory:" for none. */
  readonly file: string;
  readonly genesisBytes: Uint8Array;
  readonly config: Partial<Config>;
  /** Where to listen. When the port is taken, the next free one is used. */
  readonly host: string;
  readonly port: number;
  /** The host names that requests may name, beside `host`, localhost and IP addresses; `*` stands for every name. */
  readonly allowedHosts: readonly string[];
  /** The version of this program. */
  readonly version: string;
  /** The RPCChainVM protocol that it reports. */
  readonly protocol: number;
  readonly log: Log;
  /** Starts the thread of `operator/backup-worker.ts`; without it, the chain has no operator's door. */
  readonly startBackup?: (() => Worker) | undefined;
  readonly onAccepted: (block: Block) => void;
}

/** A chain that this process alone serves and decides. */
export interface DevChain {
  readonly genesis: Block;
  readonly lastAccepted: Block;
  /** Warns people that this is not a node. */
  readonly notice: string;
  /** `http://HOST:PORT`. */
  readonly url: string;
  readonly rpc: string;
  readonly explorer: string;
  readonly port: number;
  /** Ends the chain at once, and resolves when it has ended. Its blocks and waiting proposals are in the file. */
  readonly close: () => Promise<void>;
}

/** The name under which the chain is served. */
const chainAlias = "timestampvm";

/** Rejects with "malformed genesis", "database in use" or "database failed", or why it cannot listen on the address. */
export async function startDevChain(options: DevOptions): Promise<DevChain> {
  const { file, genesisBytes, host, version, protocol, log, startBackup, onAccepted } = options;
  const config = { ...defaultConfig, ...options.config };
  const disk = localDisk(file);
  const onClockSet = warnOfClockJumps(log);
  const opening = { file, genesisBytes, config, clock: systemClock, nodeId: noNode, onClockSet, gossip: () => {} };
  const vm = openVmAlone({ ...opening, ...(disk && { disk }) });
  try {
    const genesis = parseGenesis(genesisBytes);
    const info = { chain: [chainAlias, genesis.id] as const, version, protocol };
    const node = { networkId: undefined, nodeId: undefined, notice };
    const identity = { version, protocol, chainId: genesis.id, ...node };
    const turns = new Turns();
    const view = viewOf(vm);
    const explorer = createExplorer(view, identity);
    const propose = proposeSynced(vm);
    const { fetch: chain } = createApi({ view, propose, identity, explorer, log, turns });
    const hosts = [host, ...options.allowedHosts];
    const app = createDevApp({ vm, info, chain, turns, admission: new Admission(log), hosts, log });
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    const server = await listenNear(host, options.port, listener);
    const port = portOf(server);
    vm.setState("bootstrapping");
    vm.setPreference(vm.lastAccepted.id);
    vm.setState("normal operation");
    const ended = new AbortController();
    void runEngine(vm, onAccepted, log, ended.signal);
    log.debug("serving", { file, host, port });
    const door = disk && startBackup ? await openDoor({ chain: vm, file, log, startBackup }) : undefined;
    const close = async () => {
      ended.abort();
      server.close();
      server.closeAllConnections();
      const closing = door?.close();
      vm.close();
      await closing;
    };
    const url = `http://${formatAddress(host, port)}`;
    const chainUrl = `${url}/ext/bc/${chainAlias}`;
    return {
      genesis,
      lastAccepted: vm.lastAccepted,
      notice,
      url,
      rpc: chainUrl + rpcPath,
      explorer: chainUrl + explorerPath,
      port,
      close,
    };
  } catch (error) {
    vm.close();
    throw error;
  }
}
