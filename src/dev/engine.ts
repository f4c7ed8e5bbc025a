import { setImmediate, setTimeout } from "node:timers/promises";
import type { Block } from "../core/block.ts";
import type { Log } from "../log.ts";
import type { Vm } from "../vm/vm.ts";

/** Milliseconds until a block is tried again that could not be accepted: the disk may be full. */
const retryMs = 250;

/**
 * Consensus of one: builds a block whenever there is something to build, and accepts it, until `ended` aborts. What goes
 * wrong is logged, and tried again.
 */
export async function runEngine(
  vm: Vm,
  onAccepted: (block: Block) => void,
  log: Log,
  ended: AbortSignal,
): Promise<void> {
  let undecided: Block | undefined;
  while (await mayGoOn(vm, undecided, ended)) {
    try {
      undecided ??= verifyNewBlock(vm);
      vm.acceptBlock(undecided.id);
      vm.confirm(vm.lastAccepted); // there is no other database that must know
      undecided = undefined;
      onAccepted(vm.lastAccepted);
    } catch (error) {
      log.error("no block", { error: (error as Error).message });
    }
    await setImmediate(); // clients have their turn
  }
}

/** The calls of a node, in its order. */
function verifyNewBlock(vm: Vm): Block {
  const { bytes } = vm.buildBlock();
  const block = vm.verifyBlock(bytes);
  vm.setPreference(block.id);
  return block;
}

/** Waits for something to do; false when there will be nothing more. */
async function mayGoOn(vm: Vm, undecided: Block | undefined, ended: AbortSignal): Promise<boolean> {
  try {
    if (undecided === undefined) await vm.waitForEvent(ended);
    else await setTimeout(retryMs, undefined, { signal: ended });
    return true;
  } catch {
    return false;
  }
}
