/** Before each message: a compression flag and the length, u32 (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const prefixBytes = 5;

/** Gives bytes of its own, not compressed. */
export function encodeFrame(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafeSlow(prefixBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** What the chunks make together, without a copy where there is one. */
export function joinChunks(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
