import { setImmediate, setTimeout } from "node:timers/promises";
import { messageOf } from "../avalanche/coded-error.ts";
import { type Block, noteOf } from "../core/block.ts";
import type { Log } from "../log.ts";
import type { Vm } from "../vm/vm.ts";

/** Milliseconds before a new attempt if a block could not be accepted, since the disk may be full. */
const retryMs = 250;

/** Milliseconds to wait until an accepted block is on the disk. */
const maxSyncMs = 60_000;

/**
 * Takes the place of consensus: builds a block whenever there is something to build, and accepts it, until `ended`
 * aborts. Errors are logged, and the block is tried again.
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
      vm.confirm(vm.lastAccepted); // at once, since there is no node's database
      undecided = undefined;
      await vm.confirmed.waitForHeight(vm.lastAccepted.height, maxSyncMs, ended, "engine");
      log.debug("block accepted", () => noteOf(vm.lastAccepted));
      onAccepted(vm.lastAccepted);
    } catch (error) {
      log.error("no block", { error: messageOf(error) });
    }
    await setImmediate(); // lets clients have their turn
  }
}

/** Makes the same calls as a node, in the same order. */
function verifyNewBlock(vm: Vm): Block {
  const { bytes } = vm.buildBlock();
  const block = vm.verifyBlock(bytes);
  vm.setPreference(block.id);
  return block;
}

/** Waits until there is something to do. Gives false once `ended` aborts. */
async function mayGoOn(vm: Vm, undecided: Block | undefined, ended: AbortSignal): Promise<boolean> {
  try {
    if (undecided === undefined) {
      await vm.waitForEvent(ended);
      await setImmediate(); // the client that has just proposed is answered first
    } else await setTimeout(retryMs, undefined, { signal: ended });
    return true;
  } catch {
    return false;
  }
}
