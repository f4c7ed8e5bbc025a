import { create } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Status } from "../../../gen/vm/vm_pb.ts";
import { idToBytes } from "../../avalanche/id.ts";
import type { Block } from "../../core/block.ts";
import { ChainError } from "../../core/errors.ts";
import type { Vm } from "../../vm/vm.ts";

/** What Initialize and SetState answer. */
export function lastAcceptedReply(block: Block) {
  return {
    lastAcceptedId: idToBytes(block.id),
    lastAcceptedParentId: idToBytes(block.parentId),
    height: block.height,
    bytes: block.bytes,
    timestamp: timestampOf(block),
  };
}

/** What all replies about a block have in common. */
export function blockReply(block: Block) {
  return { parentId: idToBytes(block.parentId), height: block.height, timestamp: timestampOf(block) };
}

/** Always present, at 0 too: the node refuses a reply without it. */
export function timestampOf({ timestamp }: Block): Timestamp {
  if (timestamp > maxNodeTimestamp) {
    throw new ChainError({ code: "malformed block", problem: `timestamp ${timestamp} is beyond the year 9999` });
  }
  return create(TimestampSchema, { seconds: timestamp });
}

/** 9999-12-31T23:59:59Z, the end of protobuf's time. No block beyond it can be verified before. */
const maxNodeTimestamp = 253_402_300_799n;

/** Computed, never stored: a chain that was rewound must not remember what it had decided. */
export function statusOf(vm: Vm, { id, height }: Block): Status {
  if (height > vm.lastAccepted.height) return Status.PROCESSING;
  return vm.getBlockIdAtHeight(height) === id ? Status.ACCEPTED : Status.REJECTED;
}
