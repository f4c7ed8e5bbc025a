import { type Awaitable, andThen } from "../avalanche/awaitable.ts";
import type { AskedChain, ChainView, Propose, Receipt } from "./chain-view.ts";
import type { Vm } from "./vm.ts";

// Clients get an answer only when it is on the disk: an answer that data waits for a block is a promise.

/** Takes what clients propose. Resolves when it is synced. */
export function proposeSynced(vm: Vm): Propose {
  return (batch) =>
    andThen(vm.commitPause, () => {
      const refusals = vm.propose(batch);
      return andThen(vm.synced(), () => refusals);
    });
}

/** The chain for the thread of clients. Rejects with "database failed" or "shut down" as well. */
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

/** The chain for code that answers clients on the thread of consensus. */
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

/** Only "pending" is a promise, and so must wait for the disk. */
function tell<T>(vm: Vm, status: Receipt["status"], told: T): Awaitable<T> {
  return status === "pending" ? andThen(vm.synced(), () => told) : told;
}
