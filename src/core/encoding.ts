/**
 * The encoding of a file with a JSON object: by its byte order mark, or by the zero beside its first brace. PowerShell
 * writes UTF-16.
 */
export function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if ((first === 0xff && second === 0xfe) || (first === brace && second === 0)) return "utf-16le";
  return (first === 0xfe && second === 0xff) || (first === 0 && second === brace) ? "utf-16be" : "utf-8";
}

const brace = 0x7b;
