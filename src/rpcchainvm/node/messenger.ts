import { setTimeout } from "node:timers/promises";
import { ConnectError } from "@connectrpc/connect";
import { Messenger } from "../../../gen/messenger/messenger_pb.ts";
import { textOf } from "../../avalanche/coded-error.ts";
import type { Log } from "../../log.ts";
import type { ChainVm } from "../chain-vm.ts";
import type { GrpcClient } from "../grpc/client.ts";
import { nextEvent } from "../next-event.ts";
import type { Protocol } from "../protocol.ts";

/** Generous: the node takes a message at once, or refuses it because its queue is full. */
const notifyTimeoutMs = 10_000;
/** The pause after a message that was not taken, as in later nodes (v1.14.2, snow/engine/common/notifier.go). */
const retryMs = 100;
/** The pause after each message: else a node that takes all of them and builds nothing would keep us in a busy loop. */
const pauseMs = 10;

export interface NotifyOptions {
  readonly vm: Pick<ChainVm, "waitForEvent">;
  /** What serves messenger.Messenger. */
  readonly node: GrpcClient;
  readonly protocol: Protocol;
  readonly log: Log;
  /** Aborts when the chain is shut down. */
  readonly ended: AbortSignal;
}

/**
 * Sends the VM's events to the engine, again and again while there is one. The node makes at most one attempt for a
 * message. It loses the message when its queue of one is full, or while it bootstraps (avalanchego v1.9.8,
 * vms/rpcchainvm/messenger/messenger_server.go).
 */
export async function notifyEngine(options: NotifyOptions): Promise<void> {
  const { ended } = options;
  while (!ended.aborted) {
    const hasArrived = await notifyNext(options);
    await setTimeout(hasArrived ? pauseMs : retryMs, undefined, { signal: ended }).catch(() => {});
  }
}

/** False when the VM fails, or when the node does not take the message. */
async function notifyNext({ vm, node, protocol, log, ended }: NotifyOptions): Promise<boolean> {
  try {
    const event = await nextEvent(vm, [ended]);
    await node.call(Messenger.method.notify, { message: protocol.messages[event] }, notifyTimeoutMs);
    return true;
  } catch (error) {
    if (ended.aborted) return false;
    if (error instanceof ConnectError) log.debug("notification not taken", { error: error.rawMessage });
    else log.error("waiting for an event failed", { error: textOf(error) });
    return false;
  }
}
