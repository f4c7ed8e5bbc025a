declare global {
  interface JSON {
    /** ECMAScript 2027 (JSON.parse source text access): a value that `stringify` writes as this text. */
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/** A number that `JSON.stringify` writes with all its digits; in a browser that cannot, with those of a double. */
function exactNumber(value: bigint): object | number {
  return JSON.rawJSON?.(value.toString()) ?? Number(value);
}

/** JSON text in which bigints are numbers with all their digits. */
export function formatExactJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? exactNumber(part) : part));
}
