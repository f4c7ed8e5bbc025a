/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import type { Id } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { type Digest, digestBytes, digestOf } from "../core/digest.ts";
import { formatIsoTime, formatNumber, formatSize, showData } from "../core/format.ts";
import type { Listing } from "../core/listing.ts";
import { type BlockTime, headlineOf } from "../core/time-words.ts";
import { isProvable } from "../proof/block-proof.ts";
import type { Desk } from "./desk.ts";
import { ClaimedTime, Code, Data, Headline, Message, ProofButton, Sight, Time, type View } from "./parts.tsx";
import { reencodedWords, verdictOf } from "./time-words.ts";

/** Bytes of data that a block's page shows. */
const maxShownBytes = 1_024;

export async function showBlockById(desk: Desk, id: Id): Promise<View> {
  const block = desk.chain.getBlock(id);
  if (block !== undefined) return showBlock(desk, block);
  return notFound(
    "Block not found",
    <p>
      No accepted block has the id <code>{id}</code>. A block that is not decided yet is not shown.
    </p>,
  );
}

export async function showBlockAtHeight(desk: Desk, height: bigint): Promise<View> {
  const { chain } = desk;
  const block = chain.getBlockAtHeight(height);
  if (block !== undefined) return showBlock(desk, block);
  const { last } = chain;
  return notFound(
    `No block ${formatNumber(height)} yet`,
    <p>
      The newest accepted block is <a href={`?block=${last.id}`}>block {formatNumber(last.height)}</a>.
    </p>,
  );
}

/** The last block that claims this time or an earlier one. */
export async function showBlockAtTime(desk: Desk, timestamp: bigint): Promise<View> {
  const block = desk.chain.getBlockAt(timestamp);
  if (block !== undefined)
    return showBlock(desk, block, `The last block that claims a time up to ${formatIsoTime(timestamp)}.`);
  return notFound("Block not found", <p>No accepted block claims a time up to {formatIsoTime(timestamp)}.</p>);
}

function notFound(heading: string, explanation: Child): View {
  return { status: 404, title: heading, content: <Message heading={heading}>{explanation}</Message> };
}

/** `notice` says why this block is shown, if that is not plain. */
async function showBlock(desk: Desk, block: Block, notice?: string): Promise<View> {
  await desk.caller.pause();
  const { chain } = desk;
  const time = desk.timeOf(block);
  const digest = digestOf(block.data);
  const heading = `Block ${formatNumber(block.height)}`;
  const content = (
    <article>
      <header class="title">
        <h1>{heading}</h1>
        <Neighbours block={block} next={chain.getListingAtHeight(block.height + 1n)} />
      </header>
      {notice && <p class="notice">{notice}</p>}
      <Accepted block={block} time={time} />
      <section class="panel" aria-labelledby="data">
        <div class="heading">
          <h2 id="data">Data</h2>
          <span class="quiet">
            {formatSize(block.data.length)}
            {block.data.length > 0 && (
              <>
                {" · "}
                <a href={`?data=${block.id}`}>Download</a>
              </>
            )}
          </span>
        </div>
        <Data shown={showData(block.data, maxShownBytes)} />
        {pointElsewhere(desk, block, digest)}
      </section>
      <Fields block={block} digest={digest} time={time} />
      {isProvable(block) && <ProofButton block={block} isLast={block.id === chain.last.id} />}
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

function Accepted({ block, time }: BlockProps & { readonly time: BlockTime }) {
  return (
    <>
      <p class="lead">
        <span class="accepted">Accepted</span> {block.height > 0n && <Headline {...headlineOf(time)} />}
      </p>
      {!isProvable(block) && <p class="notice">{reencodedWords}</p>}
    </>
  );
}

interface FieldsProps extends BlockProps {
  readonly digest: Digest;
  readonly time: BlockTime;
}

function Fields({ block, digest, time }: FieldsProps) {
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
      <dt>Claimed time</dt>
      <dd>
        <Time seconds={timestamp} isLocal />, <code>{String(timestamp)}</code> <span class="quiet">Unix seconds</span>
        <br />
        <span class="quiet">{verdictOf(time)}</span>
      </dd>
      <dt>First seen</dt>
      <dd>{time.firstSight === undefined ? <span class="quiet">not known</span> : <Sight block={time} />}</dd>
    </dl>
  );
}

/** Points to an older block with the same data, and to what data is the digest of. */
function pointElsewhere({ chain, timeOf }: Desk, block: Block, digestOfData: Digest): Child {
  const first = chain.findListings(digestOfData).next().value;
  if (first !== undefined && first.height < block.height) {
    return (
      <p>
        First stamped in <a href={`?block=${first.id}`}>block {formatNumber(first.height)}</a>,{" "}
        <ClaimedTime block={timeOf(first)} />.
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
