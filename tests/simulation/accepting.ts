import type { Block } from "../../src/core/block.ts";
import type { Vm } from "../../src/vm/vm.ts";
import type { NodeDatabase } from "./node-database.ts";

export interface Chain {
  readonly vm: Vm;
  readonly database: NodeDatabase;
}

/** An accept, in the steps of the node and of `Session`; a node may be killed at each yield. */
export function* accepting({ vm, database }: Chain, block: Block, losers: readonly Block[]): Generator<void, void> {
  database.accept(block.height, block.id);
  yield;
  vm.acceptBlock(block.id);
  yield;
  database.putMarker(vm.headMarker);
  vm.confirm(block);
  for (const { id } of losers) {
    yield;
    vm.rejectBlock(id);
  }
}
