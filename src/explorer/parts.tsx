/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import type { Block, BlockSummary } from "../core/block.ts";
import { formatIsoTime, formatSize, type ShownData } from "../core/format.ts";
import { formatTime } from "./format-time.ts";
import { relativeTime } from "./relative-time.ts";

/** The answer to a query: a page's content, and its HTTP status. */
export interface View {
  readonly status: 200 | 400 | 404;
  readonly title: string;
  readonly content: Child;
}

/** A block's time, for people and machines. */
export function Time({ block, style }: { readonly block: BlockSummary; readonly style: "relative" | "absolute" }) {
  const { timestamp, height } = block;
  if (height === 0n && timestamp === 0n) return <span class="quiet">genesis</span>;
  const time = formatTime(timestamp);
  if (time === undefined) return <span>{formatIsoTime(timestamp)}</span>;
  if (style === "absolute") return <time datetime={time.iso}>{time.text}</time>;
  return (
    <time datetime={time.iso} title={time.text} data-relative={String(timestamp)}>
      {relativeTime(Number(timestamp), Math.floor(Date.now() / 1000))}
    </time>
  );
}

/** An id or digest in full, with a button that copies it if scripts run. */
export function Code({ text, name, href }: { readonly text: string; readonly name: string; readonly href?: string }) {
  return (
    <span class="code">
      {href === undefined ? (
        <code>{text}</code>
      ) : (
        <a href={href}>
          <code>{text}</code>
        </a>
      )}
      <button type="button" class="copy" data-copy={text} aria-label={`Copy ${name}`} hidden>
        Copy
      </button>
    </span>
  );
}

/** Data that someone else chose, shown only as text. */
export function Data({ shown: { kind, text, hiddenBytes } }: { readonly shown: ShownData }) {
  if (text === "") return <p class="quiet">No data</p>;
  return (
    <>
      <pre class={`data ${kind}`} dir={kind === "text" ? "auto" : "ltr"}>
        {`\n${text}` /* browsers leave out a line end there */}
      </pre>
      {hiddenBytes > 0 && (
        <p class="quiet">{`${formatSize(hiddenBytes)} more; the method getBlock gives all of it.`}</p>
      )}
    </>
  );
}

/** Works only if scripts run. */
export function ProofButton({ block }: { readonly block: Block }) {
  return (
    <div class="actions">
      <button type="button" class="button" data-proof={block.id} data-name={`block-${block.height}`} hidden>
        Download proof
      </button>
      <p class="quiet">
        A file with this block and all up to the newest one. Anyone who knows that one can check with it, without a
        node, that this block came before.
      </p>
    </div>
  );
}

export function Message({ heading, children }: { readonly heading: string; readonly children?: Child }) {
  return (
    <section class="message">
      <h1>{heading}</h1>
      {children}
      <p>
        <a href="explorer">Newest blocks</a>
      </p>
    </section>
  );
}
