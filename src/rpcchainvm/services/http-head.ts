import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Bytes of a request without its body. Go's own limit, 1 MiB, would take us a tenth of a second. */
export const maxHeadBytes = 128 * 1024;

/** Fields of a request without its body; each header is one. Thousands of headers take a third of a second. */
export const maxHeadFields = 500;

/**
 * Whether an encoded message has more than `maxHeadBytes` or `maxHeadFields` beside its body. `path` has the numbers of
 * the fields that lead to the body. Reads lengths only. False for a malformed message: decoding reports that.
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

/** A message of at most so many bytes cannot have too many fields: each takes at least two bytes. */
const safeBytes = 2 * maxHeadFields;

/** Stops when one of the limits is passed. */
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
