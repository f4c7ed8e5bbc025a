declare global {
  interface JSON {
    /** ECMAScript 2027 (JSON.parse source text access): a value that `stringify` writes as this text. */
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/** JSON text in which bigints are numbers with all their digits. */
export function formatExactJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "bigint" ? JSON.rawJSON(part.toString()) : part,
  );
}
