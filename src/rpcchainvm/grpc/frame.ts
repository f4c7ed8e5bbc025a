/** Before each message: a compression flag and the length, u32 (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const prefixBytes = 5;

/** A message in pieces, which is sent in their order. */
export type Pieces = readonly Uint8Array[];

/** Bytes of a message that are copied into one piece with its prefix; more would cost more than it saves. */
export const maxCopiedBytes = 64 * 1024;

/** What goes over the wire, not compressed: one piece of its own, or for a large message its prefix and the pieces. */
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

/** Bytes. */
export function lengthOf(pieces: Pieces): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** What the chunks make together, without a copy where there is one. */
export function joinChunks(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
