import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { InitializeRequest } from "../../gen/vm/vm_pb.ts";
import { idFromBytes } from "../avalanche/id.ts";
import { nodeIdFromBytes } from "../avalanche/node-id.ts";
import { type Config, parseConfig } from "../core/config.ts";
import type { Log } from "../log.ts";
import { GrpcClient } from "../rpcchainvm/grpc/client.ts";
import { NodeDatabase } from "../rpcchainvm/node/database.ts";
import { notifyEngine } from "../rpcchainvm/node/messenger.ts";
import type { Protocol } from "../rpcchainvm/protocol.ts";
import type { HttpApp } from "../rpcchainvm/services/http-service.ts";
import { defaultChainDataDir, type NodeSettings } from "../rpcchainvm/start/chain-data-dir.ts";
import { databaseFileName } from "../store/database.ts";
import { FileError } from "../store/errors.ts";
import type { Clock } from "../vm/clock.ts";
import type { Identity } from "../vm/identity.ts";
import { type OpenOptions, openVm } from "../vm/open.ts";
import type { Vm } from "../vm/vm.ts";
import { Gossip } from "./gossip.ts";
import { logLeftOff, settleRsChain } from "./rs/read-chain.ts";

/** A plugin that was killed may hold the database for a moment longer than the node waits to start the next. */
const maxDatabaseWaitMs = 10_000;
const databaseRetryMs = 100;

export interface ChainOptions {
  readonly protocol: Protocol;
  readonly node: NodeSettings;
  readonly log: Log;
  readonly clock: Clock;
  /** Makes what answers the HTTP requests of a chain. */
  readonly createApp: (vm: Vm, identity: Identity, config: Config) => Promise<HttpApp>;
  /** Of this program. */
  readonly version: string;
}

/** A chain with the parts of the node that belong to it. */
export interface OpenChain {
  readonly vm: Vm;
  readonly app: HttpApp;
  readonly database: NodeDatabase;
  readonly clients: readonly GrpcClient[];
}

/**
 * Opens the chain that the node asks for, at a head that the node's database knows too. Throws "malformed config" and
 * what `openVm` throws; nothing is held then.
 */
export async function openChain(request: InitializeRequest, options: ChainOptions): Promise<OpenChain> {
  const { protocol, node, log, clock, createApp } = options;
  const config = parseConfig(request.configBytes);
  log.setLevel(config.logLevel);
  const chainDataDir = request.chainDataDir || config.chainDataDir || defaultChainDataDir(request.chainId, node);
  const file = join(chainDataDir, databaseFileName);
  const databaseClient = new GrpcClient(request.dbServerAddr);
  const servicesClient = new GrpcClient(request.serverAddr);
  const clients = [databaseClient, servicesClient];
  let vm: Vm | undefined;
  try {
    const database = new NodeDatabase(databaseClient);
    const { genesisBytes } = request;
    const settling = { file, genesisBytes, log, clock };
    const { marker, rsHead } = await whenFree(clock, () => settleRsChain(database, settling));
    const gossip = new Gossip(servicesClient, protocol, log);
    const send = (data: Uint8Array) => gossip.send(data);
    const opening = { file, genesisBytes, marker, config, clock, gossip: send };
    vm = await whenFree(clock, () => openStretchByStretch(opening, log));
    await database.writeHeadMarker(vm.headMarker);
    if (rsHead !== undefined) {
      await database.writeSeenRsHead(rsHead);
      logLeftOff(vm, settling, rsHead);
    }
    if (protocol.events === "notify") void notifyEngine(vm, servicesClient, protocol, log);
    const { id, height } = vm.lastAccepted;
    log.info("initialized", { lastAccepted: id, height, file });
    return { vm, app: await createApp(vm, identityOf(request, options), config), database, clients };
  } catch (error) {
    vm?.close();
    for (const client of clients) client.close();
    throw error;
  }
}

function identityOf({ networkId, chainId, nodeId }: InitializeRequest, { version, protocol }: ChainOptions): Identity {
  return {
    version,
    protocol: protocol.version,
    networkId,
    chainId: idFromBytes(chainId),
    nodeId: nodeIdFromBytes(nodeId),
    notice: undefined,
  };
}

export function closeChain({ vm, clients }: OpenChain): void {
  vm.close();
  for (const client of clients) client.close();
}

/** Does what throws "database in use" again, for as long as that may pass. */
async function whenFree<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const giveUpAtMs = clock.elapsedMs() + maxDatabaseWaitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isInUse = error instanceof FileError && error.refusal.code === "database in use";
      if (!isInUse || clock.elapsedMs() >= giveUpAtMs) throw error;
      await setTimeout(databaseRetryMs);
    }
  }
}

/** Lets other calls be answered between the stretches of a long rewind. */
async function openStretchByStretch(options: OpenOptions, log: Log): Promise<Vm> {
  const opening = openVm(options);
  for (;;) {
    const step = opening.next();
    if (step.done) return step.value;
    const { from, to, reason } = step.value;
    log.warn("rewound the chain", { from, to, reason, file: options.file });
    await setImmediate();
  }
}
