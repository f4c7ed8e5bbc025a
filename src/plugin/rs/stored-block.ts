import { ChainError } from "../../core/errors.ts";

/** The key in the node's database of the last accepted block's id, as timestampvm-rs has it (state/mod.rs:36). */
export const rsHeadKey: Uint8Array = new TextEncoder().encode("last_accepted_block");

/** The key of the head of timestampvm-rs that we have seen. If its head is another one, it has run since. */
export const seenRsHeadKey: Uint8Array = new TextEncoder().encode("timestampvm/v1/rs-head");

/**
 * Decodes what timestampvm-rs stored for an accepted block, and gives the block's bytes:
 * `{"block_bytes":[123,34],"status":"Accepted"}` (state/mod.rs:56, serde_json::to_vec). Throws "malformed block" for
 * anything else.
 */
export function parseRsBlock(value: Uint8Array): Uint8Array {
  const end = value.length - tail.length;
  if (!hasAt(value, 0, head)) throw malformed("not a block of timestampvm-rs");
  if (!hasAt(value, end, tail)) throw malformed("not stored as accepted");
  return readBytes(value.subarray(head.length, end));
}

/** Reads bytes as text such as `123,34`, without leading zeros. */
function readBytes(text: Uint8Array): Uint8Array {
  const bytes = new Uint8Array((text.length + 1) >> 1); // a digit and a comma for each
  let count = 0;
  for (let at = 0; at <= text.length; at++) {
    const start = at;
    let number = 0;
    let digit = digitAt(text, at);
    while (digit >= 0 && digit <= 9) {
      number = number * 10 + digit;
      digit = digitAt(text, ++at);
    }
    const isByte = at > start && number <= 255 && (at === start + 1 || text[start] !== digit0);
    if (!isByte || (at < text.length && text[at] !== comma)) throw malformed("not a list of bytes");
    bytes[count++] = number;
  }
  return bytes.slice(0, count);
}

/** The digit at a position, 0 to 9; another number if there is none. */
function digitAt(text: Uint8Array, at: number): number {
  return (text[at] ?? comma) - digit0;
}

function hasAt(bytes: Uint8Array, start: number, part: Uint8Array): boolean {
  return part.every((byte, i) => bytes[start + i] === byte);
}

function malformed(problem: string): ChainError {
  return new ChainError({ code: "malformed block", problem });
}

const head = new TextEncoder().encode('{"block_bytes":[');
const tail = new TextEncoder().encode('],"status":"Accepted"}');
const comma = 0x2c;
const digit0 = 0x30;
