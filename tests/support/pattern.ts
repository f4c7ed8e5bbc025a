const period = Uint8Array.from({ length: 251 }, (_, i) => i);

/** So many bytes, among which what is moved or left out shows. */
export function patternOf(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.alloc(bytes, period));
}
