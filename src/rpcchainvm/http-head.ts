import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Bytes of a request without its body: what names it, and its headers. Go's own limit is 1 MiB, and a tenth of a second. */
export const maxHeadBytes = 128 * 1024;

/**
 * Whether an encoded message has more than `maxHeadBytes` beside its body, which stands at the end of `path`, the numbers
 * of the fields that lead to it. Looks at lengths only. A malformed message is left to those who decode it.
 */
export function hasLargeHead(message: Uint8Array, path: readonly number[]): boolean {
  if (message.length <= maxHeadBytes) return false;
  try {
    return countHead(message, path) > maxHeadBytes;
  } catch {
    return false;
  }
}

/** Stops soon when it is too much. */
function countHead(message: Uint8Array, [field, ...rest]: readonly number[]): number {
  const reader = new BinaryReader(message);
  let bytes = 0;
  while (reader.pos < reader.len && bytes <= maxHeadBytes) {
    const start = reader.pos;
    const [number, type] = reader.tag();
    if (number === field && type === WireType.LengthDelimited) {
      const part = reader.bytes();
      if (rest.length > 0) bytes += countHead(part, rest);
    } else {
      reader.skip(type, number);
      bytes += reader.pos - start;
    }
  }
  return bytes;
}
