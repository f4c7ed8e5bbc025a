/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { type Digest, digestBytes, digestOf } from "../core/digest.ts";
import { formatIsoTime, formatNumber, formatSize, showData } from "../core/format.ts";
import type { Listing } from "../core/listing.ts";
import type { Caller } from "../vm/caller.ts";
import type { ConfirmedBlocks } from "../vm/chain-view.ts";
import { Code, Data, Message, ProofButton, Time, type View } from "./parts.tsx";

/** Bytes of data that a block's page shows. */
const maxShownBytes = 1_024;

export async function showBlockById(chain: ConfirmedBlocks, id: Id, caller: Caller): Promise<View> {
  const block = chain.getBlock(id);
  if (block !== undefined) return showBlock(chain, block, caller);
  return notFound(
    "Block not found",
    <p>
      No accepted block has the id <code>{id}</code>. A block that is not decided yet is not shown.
    </p>,
  );
}

export async function showBlockAtHeight(chain: ConfirmedBlocks, height: bigint, caller: Caller): Promise<View> {
  const block = chain.getBlockAtHeight(height);
  if (block !== undefined) return showBlock(chain, block, caller);
  const { last } = chain;
  return notFound(
    `No block ${formatNumber(height)} yet`,
    <p>
      The newest accepted block is <a href={`?block=${last.id}`}>block {formatNumber(last.height)}</a>.
    </p>,
  );
}

/** The last block at or before the time. */
export async function showBlockAtTime(chain: ConfirmedBlocks, timestamp: bigint, caller: Caller): Promise<View> {
  const block = chain.getBlockAt(timestamp);
  if (block !== undefined) return showBlock(chain, block, caller);
  return notFound("Block not found", <p>No accepted block is from before {formatIsoTime(timestamp)}.</p>);
}

function notFound(heading: string, explanation: Child): View {
  return { status: 404, title: heading, content: <Message heading={heading}>{explanation}</Message> };
}

async function showBlock(chain: ConfirmedBlocks, block: Block, caller: Caller): Promise<View> {
  await caller.pause();
  const digest = digestOf(block.data);
  const heading = `Block ${formatNumber(block.height)}`;
  const content = (
    <article>
      <header class="title">
        <h1>{heading}</h1>
        <Neighbours block={block} next={chain.getListingAtHeight(block.height + 1n)} />
      </header>
      <Accepted block={block} />
      <section class="panel" aria-labelledby="data">
        <div class="heading">
          <h2 id="data">Data</h2>
          <span class="quiet">{formatSize(block.data.length)}</span>
        </div>
        <Data shown={showData(block.data, maxShownBytes)} />
        {pointElsewhere(chain, block, digest)}
      </section>
      <Fields block={block} digest={digest} />
      <ProofButton block={block} />
    </article>
  );
  return { status: 200, title: heading, content };
}

interface BlockProps {
  readonly block: Block;
}

function Neighbours({ block: { parentId, height }, next }: BlockProps & { readonly next: Listing | undefined }) {
  return (
    <nav class="pages" aria-label="Neighbouring blocks">
      {height > 0n && (
        <a rel="prev" href={`?block=${parentId}`}>
          ← {formatNumber(height - 1n)}
        </a>
      )}
      {next && (
        <a rel="next" href={`?block=${next.id}`}>
          {formatNumber(next.height)} →
        </a>
      )}
    </nav>
  );
}

function Accepted({ block }: BlockProps) {
  return (
    <p class="lead">
      <span class="accepted">Accepted</span> <Time block={block} style="absolute" />{" "}
      {block.height > 0n && (
        <span class="quiet">
          <Time block={block} style="relative" />
        </span>
      )}
    </p>
  );
}

function Fields({ block, digest }: BlockProps & { readonly digest: Digest }) {
  const { id, parentId, height, timestamp } = block;
  return (
    <dl class="fields">
      <dt>Block id</dt>
      <dd>
        <Code text={id} name="block id" />
      </dd>
      <dt>Parent</dt>
      <dd>
        {height === 0n ? (
          <span class="quiet">none: this is the genesis block</span>
        ) : (
          <Code text={parentId} name="parent id" href={`?block=${parentId}`} />
        )}
      </dd>
      <dt>SHA-256 of the data</dt>
      <dd>
        <Code text={digest} name="SHA-256 of the data" href={`?digest=${digest}`} />
      </dd>
      <dt>Timestamp</dt>
      <dd>
        <code>{String(timestamp)}</code> <span class="quiet">Unix seconds</span>
      </dd>
    </dl>
  );
}

/** Points to an older block with the same data, and to what data is the digest of. */
function pointElsewhere(chain: ConfirmedBlocks, block: Block, digestOfData: Digest): Child {
  const first = chain.findListings(digestOfData).next().value;
  if (first !== undefined && first.height < block.height) {
    return (
      <p>
        First stamped in <a href={`?block=${first.id}`}>block {formatNumber(first.height)}</a>,{" "}
        <Time block={first} style="absolute" />.
      </p>
    );
  }
  if (block.data.length !== digestBytes || showData(block.data, digestBytes).kind === "text") return undefined;
  const digest = block.data.toHex();
  return (
    <p>
      32 bytes, as long as a SHA-256: <a href={`?digest=${digest}`}>all stamps of this digest</a>.
    </p>
  );
}
