import { messageOf } from "../avalanche/coded-error.ts";
import { zeroId } from "../avalanche/id.ts";
import { type Block, createBlock } from "./block.ts";
import { ChainError } from "./errors.ts";
import { SerdeReader } from "./serde-json.ts";

/**
 * Makes the block at height 0 from a chain's genesis bytes: JSON `{"data":"text"}`, as `formatGenesis` writes it.
 * Throws "malformed genesis".
 */
export function parseGenesis(bytes: Uint8Array): Block {
  const data = new TextEncoder().encode(readData(bytes));
  return createBlock({ parentId: zeroId, height: 0n, timestamp: 0n, data });
}

function readData(bytes: Uint8Array): string {
  try {
    return new SerdeReader(bytes).readStruct({ data: (json) => json.readString() }).data;
  } catch (error) {
    throw new ChainError({ code: "malformed genesis", problem: messageOf(error) });
  }
}

/** Gives, as text, the genesis bytes of a chain whose first block carries `data`. */
export function formatGenesis(data: string): string {
  return JSON.stringify({ data });
}
