import { base58 } from "@scure/base";

/** Characters of an id's text by which it can be looked for. Fewer are at the start of too many ids. */
export const minIdStartLength = 6;

/** The first eight bytes of ids, from the lowest to the highest. */
export interface IdRange {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/**
 * Where the ids are whose text begins so: at most a few ranges. They hold all these ids, and hardly any other. Takes
 * characters of base58.
 */
export function rangesOfIds(start: string): readonly IdRange[] {
  const zeros = /^1*/.exec(start)?.[0].length ?? 0; // each 1 at the start is a byte 0
  const digits = start.slice(zeros);
  if (zeros > textBytes) return [];
  const end = 256n ** BigInt(textBytes - zeros);
  if (digits === "") return [rangeOf(0n, end)];
  const least = end / 256n; // exactly so many bytes are 0
  const value = toBigInt(base58.decode(digits));
  const ranges: IdRange[] = [];
  for (let unit = 1n; value * unit < end; unit *= 58n) {
    const [from, to] = [value * unit, (value + 1n) * unit];
    if (to > least) ranges.push(rangeOf(from > least ? from : least, to < end ? to : end));
  }
  return ranges;
}

/** An id and its checksum, which the text is made of. */
const textBytes = 36;
const rangeBytes = 8;
const bitsBehind = BigInt(8 * (textBytes - rangeBytes));

/** Of the numbers from `from` to below `to`. */
function rangeOf(from: bigint, to: bigint): IdRange {
  return { first: toBytes(from >> bitsBehind), last: toBytes((to - 1n) >> bitsBehind) };
}

function toBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(rangeBytes);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x0${bytes.toHex()}`);
}
