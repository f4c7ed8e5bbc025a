import { Messenger } from "../../../gen/messenger/messenger_pb.ts";
import type { Log } from "../../log.ts";
import type { ChainVm } from "../chain-vm.ts";
import type { GrpcClient } from "../grpc/client.ts";
import type { Protocol } from "../protocol.ts";

/** The node takes a message at once, or says that its queue is full. */
const notifyTimeoutMs = 10_000;

export interface NotifyOptions {
  readonly vm: ChainVm;
  /** What serves messenger.Messenger. */
  readonly node: GrpcClient;
  readonly protocol: Protocol;
  readonly log: Log;
  /** Aborts when the chain is shut down. */
  readonly ended: AbortSignal;
}

/**
 * Gives the engine each event of the VM, again and again while there is one. A message is good for one attempt at most, and is
 * lost when the node's queue of one is full, or while it bootstraps (avalanchego v1.9.8,
 * vms/rpcchainvm/messenger/messenger_server.go).
 */
export async function notifyEngine({ vm, node, protocol, log, ended }: NotifyOptions): Promise<void> {
  const next = () => vm.waitForEvent(ended).catch(() => undefined);
  for (let event = await next(); event !== undefined; event = await next()) {
    try {
      await node.call(Messenger.method.notify, { message: protocol.messages[event] }, notifyTimeoutMs);
    } catch (error) {
      log.debug("notification not taken", { error: String(error) });
    }
  }
}
