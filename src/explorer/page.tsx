/** @jsxImportSource hono/jsx */
import { raw } from "hono/html";
import type { PropsWithChildren } from "hono/jsx";
import type { Identity } from "../vm/identity.ts";
import { script, style } from "./headers.ts";
import { Code } from "./parts.tsx";

export type PageProps = PropsWithChildren<{
  readonly title: string;
  /** Warnings at the top of the page, one per line. */
  readonly notices: readonly string[];
  /** The text of the search. */
  readonly searched?: string | undefined;
  /** Which chain the page shows, and who serves it. */
  readonly identity: Identity;
}>;

/** The frame of all pages. Links are relative to the page, which does not know where it is mounted. */
export function Page({ title, notices, searched, identity, children }: PageProps) {
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
          <Served identity={identity} />
        </footer>
        <p id="announcer" class="unseen" role="status" aria-live="polite" />
        <script>{raw(script)}</script>
      </body>
    </html>
  );
}

function Served({ identity: { chainId, networkId, nodeId, version } }: { readonly identity: Identity }) {
  return (
    <dl class="fields">
      <dt>Chain</dt>
      <dd>
        <Code text={chainId} name="chain id" />
      </dd>
      <dt>Network</dt>
      <dd>{networkId ?? "none: a development chain"}</dd>
      {nodeId && (
        <>
          <dt>Node</dt>
          <dd>
            <Code text={nodeId} name="node id" />
          </dd>
        </>
      )}
      <dt>Program</dt>
      <dd>{`timestampvm ${version}`}</dd>
    </dl>
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
