import { andThen } from "../avalanche/awaitable.ts";
import type { Propose } from "./chain-view.ts";
import type { Vm } from "./vm.ts";

/** Takes what clients propose, and answers when it is on the disk. */
export function proposeSynced(vm: Vm): Propose {
  return (batch) =>
    andThen(vm.commitPause, () => {
      const refusals = vm.propose(batch);
      return andThen(vm.synced(), () => refusals);
    });
}
