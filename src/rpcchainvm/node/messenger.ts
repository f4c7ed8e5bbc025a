import { Messenger } from "../../../gen/messenger/messenger_pb.ts";
import type { Log } from "../../log.ts";
import type { Vm } from "../../vm/vm.ts";
import type { GrpcClient } from "../grpc/client.ts";
import type { Protocol } from "../protocol.ts";

/** The node takes a message at once, or says that its queue is full. */
const notifyTimeoutMs = 10_000;

/**
 * Tells the engine again and again that there is something to build, while there is, until the VM is closed. A message
 * is good for one attempt at most, and is lost when the node's queue of one is full, or while it bootstraps
 * (avalanchego v1.9.8, vms/rpcchainvm/messenger/messenger_server.go).
 */
export async function notifyEngine(vm: Vm, node: GrpcClient, { buildBlock }: Protocol, log: Log): Promise<void> {
  while (await hasWork(vm)) {
    try {
      await node.call(Messenger.method.notify, { message: buildBlock }, notifyTimeoutMs);
    } catch (error) {
      log.debug("notification not taken", { error: String(error) });
    }
  }
}

/** Waits; false when the VM is closed. The same work comes at a pace: see `repeatAfterMs`. */
function hasWork(vm: Vm): Promise<boolean> {
  return vm.waitForEvent(never).then(
    () => true,
    () => false,
  );
}

const never = new AbortController().signal;
