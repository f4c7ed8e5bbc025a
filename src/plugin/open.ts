import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { parseConfig } from "../core/config.ts";
import type { ChainVm, NodeContext } from "../rpcchainvm/chain-vm.ts";
import { databaseFileName } from "../store/database.ts";
import type { Disk } from "../store/disk.ts";
import { FileError } from "../store/errors.ts";
import type { Clock } from "../vm/clock.ts";
import { warnOfClockJumps } from "../vm/first-sights.ts";
import type { Identity } from "../vm/identity.ts";
import { type OpenOptions, openVm } from "../vm/open.ts";
import { askedChainOf } from "../vm/synced.ts";
import type { Vm } from "../vm/vm.ts";
import type { Clients } from "./clients.ts";
import { Gossip } from "./gossip.ts";
import { LoggedDisk } from "./logged-disk.ts";
import { NodeRecord } from "./node-record.ts";
import { logLeftOff, settleRsChain } from "./rs/read-chain.ts";
import { TimestampVm } from "./timestamp-vm.ts";
import { upgradeIfOld } from "./upgrade.ts";
import { ValidatorWatch } from "./validator-watch.ts";

/** A killed plugin may hold the database a little longer than the node waits before it starts the next one. */
const maxDatabaseWaitMs = 10_000;
const databaseRetryMs = 100;

/** What a chain needs besides the node's context. */
export interface ChainOptions {
  readonly clock: Clock;
  /** Starts the thread that serves clients. It gets ready while the chain is opened. */
  readonly startClients: () => Clients;
  /** Makes the disk that syncs the database file. The file is opened later. */
  readonly openDisk: (file: string) => Disk;
  /** Starts the thread of `operator/backup-worker.ts`. */
  readonly startBackup: () => Worker;
  /** Starts the thread of `disk/upgrade-worker.ts`. */
  readonly startUpgrade: () => Worker;
  /** The program's version. */
  readonly version: string;
}

/**
 * Opens the chain that the node asks for, at a head that the node's database knows too. Throws "malformed config" and
 * the errors of `openVm`, and holds nothing then.
 */
export async function openChain(context: NodeContext, options: ChainOptions): Promise<ChainVm> {
  const { clock, startClients, openDisk, startBackup, startUpgrade, version } = options;
  const { log, genesisBytes } = context;
  const config = parseConfig(context.configBytes);
  log.setLevel(config.logLevel);
  const file = join(context.chainDataDir(config.chainDataDir), databaseFileName);
  const record = new NodeRecord(context.database);
  const clients = startClients();
  const disk = new LoggedDisk(openDisk(file), log);
  let vm: Vm | undefined;
  try {
    await whenFree(clock, () => upgradeIfOld(file, { record, startUpgrade, clock, log }));
    const settling = { file, genesisBytes, log, clock };
    const { marker, rsHead } = await whenFree(clock, () => settleRsChain(record, settling));
    const gossip = new Gossip(context.appSender, log);
    const send = (data: Uint8Array) => gossip.send(data);
    const onClockSet = warnOfClockJumps(log);
    const shared = { clock, disk, gossip: send, head: clients.head, nodeId: context.nodeId, onClockSet };
    const opening = { file, genesisBytes, marker, config, ...shared };
    vm = await whenFree(clock, () => openStretchByStretch(opening, context));
    await record.writeHeadMarker(vm.headMarker);
    if (rsHead !== undefined) {
      await record.writeSeenRsHead(rsHead);
      logLeftOff(vm, settling, rsHead);
    }
    const { id, height } = vm.lastAccepted;
    log.info("initialized", { lastAccepted: id, height, file });
    const validatorWatch = watchValidators(vm, context, clock);
    const { openDoor } = await import("../operator/door.ts"); // not before the handshake, for which the node waits
    const door = await openDoor({ chain: vm, file, log, startBackup });
    const chain = askedChainOf(vm);
    const http = clients.serve({ chain, file, identity: identityOf(context, version), config });
    return new TimestampVm({ vm, record, disk, nodeId: context.nodeId, clients, http, door, validatorWatch, log });
  } catch (error) {
    await Promise.allSettled([clients.close(), disk.close()]);
    vm?.close();
    throw error;
  }
}

function watchValidators(vm: Vm, { validators, subnetId, log }: NodeContext, clock: Clock): ValidatorWatch | undefined {
  if (validators === undefined) return undefined;
  return new ValidatorWatch({ validators, subnetId, clock, log, onSet: (weights) => vm.setValidators(weights) });
}

function identityOf({ protocol, networkId, chainId, nodeId }: NodeContext, version: string): Identity {
  return { version, protocol, networkId, chainId, nodeId, notice: undefined };
}

/** Repeats `open` while it throws "database in use", as long as that may pass. */
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

/** Lets other calls be answered between two stretches of a long rewind. */
async function openStretchByStretch(options: OpenOptions, { log }: NodeContext): Promise<Vm> {
  const opening = openVm(options);
  for (;;) {
    const step = opening.next();
    if (step.done) return step.value;
    if (step.value !== undefined) {
      const { from, to, reason } = step.value;
      log.warn("rewound the chain", { from, to, reason, file: options.file });
    }
    await setImmediate();
  }
}
