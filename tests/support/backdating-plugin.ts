// The program as it is, but a dishonest proposer: each block that it builds claims the time of its parent. It keeps what
// its clients propose to itself, so that no other node puts that into a block. A plugin for tests of what others notice.

import { createBlock } from "../../src/core/block.ts";
import { AppSender } from "../../src/rpcchainvm/node/app-sender.ts";
import { Vm } from "../../src/vm/vm.ts";

const { buildBlock } = Vm.prototype;

Vm.prototype.buildBlock = function () {
  const honest = buildBlock.call(this);
  const parent = this.getBlock(honest.parentId);
  if (parent === undefined) throw new Error(`block ${honest.id} has no parent`);
  return createBlock({ ...honest, timestamp: parent.timestamp });
};
AppSender.prototype.gossip = async () => {};

await import("../../src/main.ts");
