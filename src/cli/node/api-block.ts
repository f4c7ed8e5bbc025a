import type { ResultOf } from "../../client/contract.ts";
import { CommandFailed } from "../command-failed.ts";

/** A block as the API gives it. */
export type ApiBlock = ResultOf<"getBlockByHeight">["block"];

/** The bytes that a block carries. Throws "command failed" when the node gave no hex. */
export function dataOf({ data }: ApiBlock): Uint8Array {
  try {
    if (/^0x/i.test(data)) return Uint8Array.fromHex(data.slice(2));
  } catch {
    // Refused below. A pattern that checks a megabyte of hex would take a quarter of a second.
  }
  throw new CommandFailed("the node gives data that is not hex");
}
