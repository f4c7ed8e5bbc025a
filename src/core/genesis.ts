import { zeroId } from "../avalanche/id.ts";
import { type Block, createBlock } from "./block.ts";
import { ChainError } from "./errors.ts";
import { SerdeReader } from "./serde-json.ts";

/**
 * The block at height 0 from a chain's genesis bytes, JSON `{"data":"text"}` as `formatGenesis` writes it. Throws
 * "malformed genesis".
 */
export function parseGenesis(bytes: Uint8Array): Block {
  let text = "";
  try {
    new SerdeReader(bytes).readStruct({
      data: (json) => {
        text = json.readString();
      },
    });
  } catch (error) {
    throw new ChainError({ code: "malformed genesis", problem: (error as Error).message });
  }
  return createBlock({ parentId: zeroId, height: 0n, timestamp: 0n, data: new TextEncoder().encode(text) });
}

/** Genesis bytes, as text, for a chain whose first block carries `data`. */
export function formatGenesis(data: string): string {
  return JSON.stringify({ data });
}
