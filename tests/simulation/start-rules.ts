import type { Id } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";

/** At which height a VM must open whose file ends at `fileHead`: the table of docs/design/storage.md. */
export function headAfter(fileHead: bigint, marker: HeadMarker | undefined, opened: HeadMarker): bigint {
  if (marker === undefined || marker.instanceId.toHex() !== opened.instanceId.toHex()) return 0n;
  return marker.height < fileHead ? marker.height : fileHead;
}

/** Why proposervm could not go on from this head: it follows a VM that is behind, and only that. */
export function proposervmProblem(accepted: readonly Id[], { id, height }: Block): string | undefined {
  if (height > accepted.length) return `is lost for ever: its VM is at ${height}, its node at ${accepted.length}`;
  if (height > 0n && accepted[Number(height) - 1] !== id) return `the node knows another block at ${height}`;
  return undefined;
}
