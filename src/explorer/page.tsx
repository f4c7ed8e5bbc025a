/** @jsxImportSource hono/jsx */
import { raw } from "hono/html";
import type { PropsWithChildren } from "hono/jsx";
import { sha256 } from "../avalanche/sha256.ts";
import { bundle } from "./bundle.ts" with { type: "macro" };

const style: string = bundle("style.css");
const script: string = bundle("browser/page-script.ts");

/** Only our own style and script may run on a page, and the page may connect only to its own server. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    `script-src '${hashSource(script)}'`,
    `style-src '${hashSource(style)}'`,
    "img-src data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
  Vary: "Accept-Encoding",
};

export type PageProps = PropsWithChildren<{
  readonly title: string;
  /** Warnings at the top of the page, one per line. */
  readonly notices: readonly string[];
  /** The text of the search. */
  readonly searched?: string | undefined;
}>;

/** The frame of all pages. Links are relative to the page, which does not know where it is mounted. */
export function Page({ title, notices, searched, children }: PageProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · timestampvm`}</title>
        <link rel="icon" href={icon} />
        <style>{raw(style)}</style>
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <header>
          <div class="top">
            <a class="brand" href="explorer" aria-label="timestampvm explorer, newest blocks">
              {raw(logo)}
              <span>timestampvm</span>
            </a>
            <search class="search">
              <form action="explorer" method="get">
                <label class="unseen" for="q">
                  Height, block id, SHA-256 or time
                </label>
                <input
                  id="q"
                  name="q"
                  type="search"
                  value={searched}
                  placeholder="Height, block id, SHA-256 or time"
                  autocomplete="off"
                  autocapitalize="off"
                  spellcheck={false}
                  required
                />
                <button type="submit">Search</button>
              </form>
            </search>
          </div>
          {notices.map((notice) => (
            <p class="notice">{notice}</p>
          ))}
        </header>
        <main id="content" tabindex={-1}>
          {children}
        </main>
        <footer>
          <p>Only accepted blocks are shown: nothing that is undecided or may still change.</p>
        </footer>
        <p id="announcer" class="unseen" role="status" aria-live="polite" />
        <script>{raw(script)}</script>
      </body>
    </html>
  );
}

/** A stamp's perforated edge, and the hands of a clock. */
const logo = mark("currentColor");
const icon = `data:image/svg+xml,${encodeURIComponent(mark("#0f7a68"))}`;

function mark(colour: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24" fill="none" ` +
    `stroke="${colour}" stroke-width="2" stroke-linecap="round" aria-hidden="true">` +
    '<circle cx="12" cy="12" r="10" stroke-dasharray="0.01 3.92"/><path d="M12 7v5l3 2"/></svg>'
  );
}

function hashSource(text: string): string {
  return `sha256-${sha256(new TextEncoder().encode(text)).toBase64()}`;
}
