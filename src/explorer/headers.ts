import { sha256 } from "../avalanche/sha256.ts";
import type { Block } from "../core/block.ts";
import { bundle } from "./bundle.ts" with { type: "macro" };

// What is served beside the words of a page, and the headers of all that is served.

export const style: string = bundle("style.css");
/** It stands in each page. */
export const script: string = bundle("browser/page-script.ts");
/** The script of the thread that hashes files. Pages ask for it when they need it, so that they stay small. */
export const hashWorker: string = bundle("browser/hash-worker.ts");

type Headers = Readonly<Record<string, string>>;

const commonHeaders: Headers = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
  Vary: "Accept-Encoding",
};

/** Only our own style and scripts may run on a page, and the page may connect only to its own server. */
export const pageHeaders: Headers = {
  "Content-Type": "text/html; charset=UTF-8",
  "Content-Security-Policy": [
    "default-src 'none'",
    `script-src '${hashSource(script)}'`,
    "worker-src 'self'",
    `style-src '${hashSource(style)}'`,
    "img-src data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  ...commonHeaders,
};

/** A thread has a policy of its own. This one may run WebAssembly, and reach nobody. */
export const scriptHeaders: Headers = {
  "Content-Type": "text/javascript; charset=UTF-8",
  "Content-Security-Policy": "default-src 'none'; script-src 'wasm-unsafe-eval'",
  ...commonHeaders,
};

/** For data that anybody may have written: a browser saves it, and shows and runs nothing of it. */
export function dataHeaders({ height }: Block): Record<string, string> {
  return {
    "Content-Type": "application/octet-stream",
    "Content-Disposition": `attachment; filename="block-${height}.bin"`,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    ...commonHeaders,
  };
}

function hashSource(text: string): string {
  return `sha256-${sha256(new TextEncoder().encode(text)).toBase64()}`;
}
