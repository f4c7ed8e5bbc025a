declare global {
  interface JSON {
    /** ECMAScript 2027 (JSON.parse source text access): a value that `stringify` writes as this text. */
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/** A number that `JSON.stringify` writes with all its digits. */
function exactNumber(value: bigint): object {
  return JSON.rawJSON(value.toString());
}

/** JSON text in which bigints are numbers with all their digits. */
export function formatExactJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? exactNumber(part) : part));
}
