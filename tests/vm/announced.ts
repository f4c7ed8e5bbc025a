import type { Vm } from "../../src/vm/vm.ts";
import { stateOf } from "../support/promise.ts";

/** Whether a node that asks now hears at once that it should build. */
export async function isAnnounced(vm: Vm): Promise<boolean> {
  const controller = new AbortController();
  const waiting = vm.waitForEvent(controller.signal);
  const state = await stateOf(waiting);
  controller.abort();
  await stateOf(waiting);
  return state === "resolved";
}
