import { type Awaitable, andThen } from "../avalanche/awaitable.ts";
import type { AskedChain, ChainView, Propose, Receipt } from "./chain-view.ts";
import type { Vm } from "./vm.ts";

// What clients are told is on the disk before: that data waits for a block is a promise.

/** Takes what clients propose. */
export function proposeSynced(vm: Vm): Propose {
  return (batch) =>
    andThen(vm.commitPause, () => {
      const refusals = vm.propose(batch);
      return andThen(vm.synced(), () => refusals);
    });
}

/** What clients on another thread ask. Rejects with "database failed" or "shut down" as well. */
export function askedChainOf(vm: Vm): AskedChain {
  return {
    propose: proposeSynced(vm),
    undecided: (digest) => {
      const status = vm.undecided(digest);
      return tell(vm, status, status);
    },
    status: () => vm.status(),
  };
}

/** What those see of a chain who answer clients on its own thread. */
export function viewOf(vm: Vm): ChainView {
  return {
    confirmed: vm.confirmed,
    receiptOf: (digest) => {
      const receipt = vm.receiptOf(digest);
      return tell(vm, receipt.status, receipt);
    },
    status: () => vm.status(),
  };
}

/** Only "pending" promises anything that the disk must have. */
function tell<T>(vm: Vm, status: Receipt["status"], told: T): Awaitable<T> {
  return status === "pending" ? andThen(vm.synced(), () => told) : told;
}
