/** @jsxImportSource hono/jsx */
import { defaultPageBlocks } from "../client/limits.ts";
import type { BlockSummary } from "../core/block.ts";
import { digestBytes } from "../core/digest.ts";
import { formatNumber, formatSize, shorten, showData } from "../core/format.ts";
import type { Listing } from "../core/listing.ts";
import type { BlockTime } from "../core/time-words.ts";
import type { Caller } from "../vm/caller.ts";
import type { Desk } from "./desk.ts";
import { ClaimedTime, Sight, type View } from "./parts.tsx";

/** The page of the newest blocks, or of those from a height down, with the place where files are stamped. */
export async function showBlocks(desk: Desk, from: bigint | undefined): Promise<View> {
  const { chain, caller } = desk;
  const { last } = chain;
  const isNewest = from === undefined || from >= last.height;
  const start = isNewest ? last.height : from;
  const blocks = await takeListings(chain.listingsFrom(start, "descending"), defaultPageBlocks, caller);
  const content = isNewest ? (
    <>
      <h1 class="unseen">timestampvm explorer</h1>
      <StampPanel />
      <section id="history" class="panel" aria-labelledby="history-heading" hidden />
      <section aria-labelledby="recent">
        <div class="heading">
          <h2 id="recent" class="large">
            Recent blocks
          </h2>
          <button id="live" type="button" class="live" hidden>
            Live
          </button>
        </div>
        <Facts last={desk.timeOf(last)} genesis={chain.getListingAtHeight(0n)} />
        <BlockList id="blocks" desk={desk} blocks={blocks} />
        <div id="below">
          {last.height === 0n && <p class="empty">No stamps yet: the chain has only its genesis block.</p>}
          <Pages blocks={blocks} last={last} />
        </div>
      </section>
    </>
  ) : (
    <section aria-labelledby="older">
      <h1 id="older">{`Blocks from ${formatNumber(from)} down`}</h1>
      <BlockList desk={desk} blocks={blocks} />
      <Pages blocks={blocks} last={last} />
    </section>
  );
  return { status: 200, title: isNewest ? "Recent blocks" : `Blocks from ${formatNumber(from)}`, content };
}

/** The first `count` listings, with a pause between two of them. */
export async function takeListings(
  listings: Iterable<Listing>,
  count: number,
  caller: Caller,
): Promise<readonly Listing[]> {
  const taken: Listing[] = [];
  for (const listing of listings) {
    taken.push(listing);
    if (taken.length >= count) break;
    await caller.pause();
  }
  return taken;
}

/** This text is for browsers without scripts. `browser/stamp-panel.ts` replaces it. */
function StampPanel() {
  return (
    <section id="stamp" class="panel" aria-labelledby="stamp-heading">
      <h2 id="stamp-heading">Stamp or look up a file</h2>
      <p>
        With JavaScript, this page hashes a file here and looks it up. Without it, the command{" "}
        <code>timestampvm stamp FILE</code> does the same, and a file’s SHA-256 can be searched for above.
      </p>
    </section>
  );
}

function Facts({ last, genesis }: { readonly last: BlockTime; readonly genesis: Listing | undefined }) {
  return (
    <dl class="facts">
      <div>
        <dt>Height</dt>
        <dd id="height">{formatNumber(last.height)}</dd>
      </div>
      <div>
        <dt>Last block</dt>
        <dd id="last-block">
          <ClaimedTime block={last} />
        </dd>
      </div>
      {genesis && (
        <div>
          <dt>Genesis</dt>
          <dd>
            <a href={`?block=${genesis.id}`} title={genesis.id}>
              <code>{shorten(genesis.id)}</code>
            </a>
          </dd>
        </div>
      )}
    </dl>
  );
}

export interface BlockListProps {
  readonly id?: string;
  readonly desk: Desk;
  readonly blocks: readonly Listing[];
}

export function BlockList({ id, desk, blocks }: BlockListProps) {
  return (
    <ol id={id} class="blocks">
      {blocks.map((block) => (
        <BlockRow block={block} time={desk.timeOf(block)} />
      ))}
    </ol>
  );
}

/** Bytes of data that a row shows. */
const rowBytes = 90;

function BlockRow({ block, time }: { readonly block: Listing; readonly time: BlockTime }) {
  const { kind, text } = block.start === undefined ? notShown : showData(block.start, rowBytes);
  return (
    <li data-block={block.id} data-height={String(block.height)}>
      <a href={`?block=${block.id}`}>
        <span class="height">
          <span class="unseen">Block </span>
          {formatNumber(block.height)}
        </span>
        {text === "" ? (
          <span class="preview quiet">No data</span>
        ) : (
          <span class={`preview ${kind}`} dir={kind === "text" ? "auto" : "ltr"}>
            {kind === "hex" ? text.slice(0, 2 + 2 * digestBytes) : text}
          </span>
        )}
        <span class="when">
          <ClaimedTime block={time} />
        </span>
        <span class="about">
          <code title={block.id}>{shorten(block.id)}</code> <span>{describeSize(block)}</span>{" "}
          {block.height > 0n && <Sight block={time} />} {block.isReencoded && <span>encoded again: no proof</span>}
        </span>
      </a>
    </li>
  );
}

/** Stands for the data of a large block, if it cannot be shown without parsing all of the block. */
const notShown = { kind: "text", text: "…" } as const;

function describeSize({ dataBytes, bytes }: Listing): string {
  return dataBytes === undefined ? `${formatNumber(bytes)}-byte block` : formatSize(dataBytes);
}

function Pages({ blocks, last }: { readonly blocks: readonly Listing[]; readonly last: BlockSummary }) {
  const newest = blocks[0]?.height ?? last.height;
  const oldest = blocks.at(-1)?.height ?? 0n;
  const newer = newest + BigInt(defaultPageBlocks);
  return (
    <nav class="pages" aria-label="Pages of blocks">
      {newest < last.height && (
        <a rel="prev" href={newer < last.height ? `?from=${newer}` : "explorer"}>
          ← Newer
        </a>
      )}
      {oldest > 0n && (
        <a rel="next" class="older" href={`?from=${oldest - 1n}`}>
          Older →
        </a>
      )}
    </nav>
  );
}
