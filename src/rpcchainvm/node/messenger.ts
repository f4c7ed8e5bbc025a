import { Messenger } from "../../../gen/messenger/messenger_pb.ts";
import type { Log } from "../../log.ts";
import type { ChainVm } from "../chain-vm.ts";
import type { GrpcClient } from "../grpc/client.ts";
import type { Protocol, VmEvent } from "../protocol.ts";

/** The node takes a message at once, or says that its queue is full. */
const notifyTimeoutMs = 10_000;

/**
 * Gives the engine each event of the VM, again and again while there is one, until the VM is closed. A message is good for one
 * attempt at most, and is lost when the node's queue of one is full, or while it bootstraps (avalanchego v1.9.8,
 * vms/rpcchainvm/messenger/messenger_server.go).
 */
export async function notifyEngine(vm: ChainVm, node: GrpcClient, { messages }: Protocol, log: Log): Promise<void> {
  for (let event = await nextEvent(vm); event !== undefined; event = await nextEvent(vm)) {
    try {
      await node.call(Messenger.method.notify, { message: messages[event] }, notifyTimeoutMs);
    } catch (error) {
      log.debug("notification not taken", { error: String(error) });
    }
  }
}

/** Undefined when the VM is closed. */
function nextEvent(vm: ChainVm): Promise<VmEvent | undefined> {
  return vm.waitForEvent(never).catch(() => undefined);
}

const never = new AbortController().signal;
