/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import type { Block } from "../core/block.ts";
import { formatIsoTime, formatSize, type ShownData } from "../core/format.ts";
import { type BlockTime, type Headline as HeadlineTime, notConfirmed, notTheTime } from "../core/time-words.ts";
import { formatTime } from "./format-time.ts";
import { wordsOf } from "./time-words.ts";

/** The answer to a query: a page's content, and its HTTP status. */
export interface View {
  readonly status: 200 | 400 | 404;
  readonly title: string;
  readonly content: Child;
}

/** A time in UTC. A script adds the visitor's own: beside a `local` one, else as a hint. */
export function Time({ seconds, isLocal = false }: { readonly seconds: bigint; readonly isLocal?: boolean }) {
  const time = formatTime(seconds);
  if (time === undefined) return <span>{formatIsoTime(seconds)}</span>;
  return (
    <time datetime={time.iso} class={isLocal ? "local" : undefined}>
      {time.text}
    </time>
  );
}

/** The best that this node knows of the time by which some data existed. */
export function Headline({ seconds, isSeen }: HeadlineTime) {
  const { before, after } = wordsOf({ seconds, isSeen });
  return (
    <>
      {before} <Time seconds={seconds} isLocal /> <span class="quiet after">{after}</span>
    </>
  );
}

/** The time that a block claims. It is called so unless this node confirms it. */
export function ClaimedTime({ block: { height, timestamp, claim } }: { readonly block: BlockTime }) {
  if (height === 0n && timestamp === 0n) return <span class="quiet">genesis</span>;
  return (
    <>
      {height > 0n && claim !== "confirmed" && "claimed "}
      <Time seconds={timestamp} />
    </>
  );
}

/** When a block was first seen, and by whom: another node's word is called so. */
export function Sight({ block }: { readonly block: BlockTime }) {
  const { firstSight, claim } = block;
  if (firstSight === undefined) return <span>{notConfirmed}</span>;
  const { time, node, own } = firstSight;
  return (
    <span>
      {own ? "seen by this node " : `${node} says: seen `}
      <Time seconds={time} />
      {claim === "false" && `: the claimed one is ${notTheTime}`}
    </span>
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
      <button type="button" class="copy" aria-label={`Copy ${name}`} hidden>
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
      {hiddenBytes > 0 && <p class="quiet">{`${formatSize(hiddenBytes)} more: download the data for all of it.`}</p>}
    </>
  );
}

/** Works only if scripts run. `isLast`: no later block is there yet. */
export function ProofButton({ block, isLast }: { readonly block: Block; readonly isLast: boolean }) {
  return (
    <div class="actions">
      <button type="button" class="button" data-proof={block.id} data-name={`block-${block.height}`} hidden>
        Download proof
      </button>
      <p class="quiet">
        {isLast
          ? "A file with this block alone, which proves nothing yet: come back when there is a later one."
          : "A file with this block and the next one. Anyone who knows the id of that one can check with it, without " +
            "a node, that this block was there before."}
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
