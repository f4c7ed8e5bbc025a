import { create } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { Status } from "../../../gen/vm/vm_pb.ts";
import type { Awaitable } from "../../avalanche/awaitable.ts";
import { andThen } from "../../avalanche/awaitable.ts";
import { idToBytes } from "../../avalanche/id.ts";
import type { Block, ChainVm } from "../chain-vm.ts";

/** The answer to Initialize and SetState. */
export function lastAcceptedReply(block: Block) {
  return {
    lastAcceptedId: idToBytes(block.id),
    lastAcceptedParentId: idToBytes(block.parentId),
    height: block.height,
    bytes: block.bytes,
    timestamp: timestampOf(block),
  };
}

/** The part that all replies about a block have. */
export function blockReply(block: Block) {
  return { parentId: idToBytes(block.parentId), height: block.height, timestamp: timestampOf(block) };
}

/** Always present, even for 0: the node refuses a reply without it. Throws when it is later than the node allows. */
export function timestampOf({ timestamp }: Block): Timestamp {
  if (timestamp > maxNodeTimestamp) {
    const problem = `malformed block: timestamp ${timestamp} is beyond the year 9999`;
    throw new ConnectError(problem, Code.InvalidArgument);
  }
  return create(TimestampSchema, { seconds: timestamp });
}

/** 9999-12-31T23:59:59Z, the last second of protobuf's Timestamp. */
const maxNodeTimestamp = 253_402_300_799n;

/** Computed, never stored: a rewound chain must not remember its old decisions. */
export function blockStatusOf(vm: ChainVm, { id, height }: Block): Awaitable<Status> {
  if (height > vm.lastAccepted.height) return Status.PROCESSING;
  return andThen(vm.getBlockIdAtHeight(height), (accepted) => (accepted === id ? Status.ACCEPTED : Status.REJECTED));
}
