/** Before each message: a compression flag and the length, u32 (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const prefixBytes = 5;

/** A message in pieces, which are sent in this order. */
export type Pieces = readonly Uint8Array[];

/** A message of at most so many bytes is copied into one piece with its prefix. A larger copy would cost too much. */
export const maxCopiedBytes = 64 * 1024;

/** Gives what goes over the wire, not compressed: one piece, or for a large message its prefix and then its pieces. */
export function encodeFrame(pieces: Pieces): Pieces {
  const length = lengthOf(pieces);
  const isLarge = length > maxCopiedBytes;
  const frame = Buffer.allocUnsafeSlow(isLarge ? prefixBytes : prefixBytes + length);
  frame[0] = 0;
  frame.writeUInt32BE(length, 1);
  if (isLarge) return [frame, ...pieces];
  let at = prefixBytes;
  for (const piece of pieces) {
    frame.set(piece, at);
    at += piece.length;
  }
  return [frame];
}

/** The sum of the lengths, in bytes. */
export function lengthOf(pieces: Pieces): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** Joins the chunks. Makes no copy when there is only one. */
export function joinChunks(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
