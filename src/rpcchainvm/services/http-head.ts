import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/**
 * Bytes of a request without its body: what names it, and its headers. Go's own limit is 1 MiB, and a tenth of a
 * second.
 */
export const maxHeadBytes = 128 * 1024;

/** Fields of it, of which each header is one: to make a `Request` with thousands of them takes a third of a second. */
export const maxHeadFields = 500;

/**
 * Whether an encoded message has more than `maxHeadBytes` or `maxHeadFields` beside its body. The body stands at the
 * end of `path`, the numbers of the fields that lead to it. Looks at lengths only. A malformed message is left to those
 * who decode it.
 */
export function hasLargeHead(message: Uint8Array, path: readonly number[]): boolean {
  if (message.length <= safeBytes) return false;
  try {
    const { bytes, fields } = countHead(message, path);
    return bytes > maxHeadBytes || fields > maxHeadFields;
  } catch {
    return false;
  }
}

/** So short a message has no more fields: each takes two bytes at least. */
const safeBytes = 2 * maxHeadFields;

/** Stops soon when it is too much. */
function countHead(message: Uint8Array, [field, ...rest]: readonly number[]): { bytes: number; fields: number } {
  const reader = new BinaryReader(message);
  let bytes = 0;
  let fields = 0;
  while (reader.pos < reader.len && bytes <= maxHeadBytes && fields <= maxHeadFields) {
    const start = reader.pos;
    const [number, type] = reader.tag();
    if (number === field && type === WireType.LengthDelimited) {
      const part = reader.bytes();
      if (rest.length === 0) continue;
      const inside = countHead(part, rest);
      bytes += inside.bytes;
      fields += inside.fields;
    } else {
      reader.skip(type, number);
      bytes += reader.pos - start;
      fields++;
    }
  }
  return { bytes, fields };
}
