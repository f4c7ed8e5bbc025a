import { element } from "./dom.ts";

/** Lets the browser save a file. */
export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), keepMs);
}

/** Milliseconds after which a browser has certainly begun to save the file. */
const keepMs = 60_000;
