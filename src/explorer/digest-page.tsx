/** @jsxImportSource hono/jsx */
import { defaultPageBlocks, maxPageBlocks } from "../client/limits.ts";
import type { Block } from "../core/block.ts";
import { type Digest, digestOf, digestToBytes, isDigest } from "../core/digest.ts";
import { formatNumber } from "../core/format.ts";
import { headlineOf } from "../core/time-words.ts";
import { isProvable } from "../proof/block-proof.ts";
import type { ChainView } from "../vm/chain-view.ts";
import { BlockList, takeListings } from "./blocks-page.tsx";
import type { Desk } from "./desk.ts";
import { Code, Headline, Message, ProofButton, Time, type View } from "./parts.tsx";
import { reencodedWords, verdictOf } from "./time-words.ts";

/** The page that shows where a digest, or data with this digest, was stamped. */
export async function showDigest(desk: Desk, digest: Digest, from: bigint): Promise<View> {
  const first = desk.chain.find(digest).next().value;
  await desk.caller.pause();
  return first === undefined ? showNotStamped(desk.view, digest) : showStamps(desk, digest, first, from);
}

async function showStamps(desk: Desk, digest: Digest, first: Block, from: bigint): Promise<View> {
  const { chain, caller, timeOf } = desk;
  const all = await takeListings(chain.findListings(digest), maxPageBlocks, caller);
  const blocks = await takeListings(chain.findListings(digest, from), defaultPageBlocks + 1, caller);
  const next = blocks[defaultPageBlocks];
  const carriesDigest = isDigest(first.data, digest);
  const content = (
    <article>
      <p class="over">First stamped</p>
      <h1>
        <Headline {...headlineOf(timeOf(first), all.map(timeOf))} />
      </h1>
      <p class="lead">
        <span class="accepted">Accepted</span> in <a href={`?block=${first.id}`}>block {formatNumber(first.height)}</a>,
        which carries {carriesDigest ? "this SHA-256" : "the data itself"}
      </p>
      <dl class="fields">
        <dt>SHA-256</dt>
        <dd>
          <Code text={digest} name="SHA-256" />
        </dd>
        <dt>Block id</dt>
        <dd>
          <Code text={first.id} name="block id" href={`?block=${first.id}`} />
        </dd>
        <dt>Claimed time</dt>
        <dd>
          <Time seconds={first.timestamp} isLocal />
          <br />
          <span class="quiet">{verdictOf(timeOf(first))}</span>
        </dd>
      </dl>
      {isProvable(first) ? (
        <ProofButton block={first} isLast={first.id === chain.last.id} />
      ) : (
        <p class="notice">{reencodedWords}</p>
      )}
      {(blocks.length > 1 || from > 0n) && (
        <section aria-labelledby="stamps">
          <h2 id="stamps">{from > 0n ? `Stamps from block ${formatNumber(from)} on` : "All stamps"}</h2>
          <BlockList desk={desk} blocks={blocks.slice(0, defaultPageBlocks)} />
          {next && (
            <nav class="pages" aria-label="Pages of stamps">
              <a rel="next" class="older" href={`?digest=${digest}&from=${next.height}`}>
                Later stamps →
              </a>
            </nav>
          )}
        </section>
      )}
    </article>
  );
  return { status: 200, title: "First stamped", content };
}

async function showNotStamped(view: ChainView, digest: Digest): Promise<View> {
  const waiting = await findUndecided(view, digest);
  const heading = waiting === undefined ? "Not stamped yet" : "Not accepted yet";
  const content = (
    <Message heading={heading}>
      {waiting === undefined ? (
        <p>No accepted block carries this SHA-256, nor data that hashes to it.</p>
      ) : (
        <p>
          {waiting.status === "pending"
            ? "It waits for a block on this node."
            : "It is in a block that is not decided yet."}{" "}
          It may still come to nothing: only an accepted block is a stamp.
        </p>
      )}
      <p>
        <Code text={digest} name="SHA-256" />
      </p>
      <div id="stamp-digest" data-digest={digest} data-receipt={waiting?.id} />
    </Message>
  );
  return { status: 404, title: heading, content };
}

/** A stamp that is in no accepted block: of the data, or of the digest as data. `id` is the receipt's. */
async function findUndecided(view: ChainView, digest: Digest) {
  for (const id of [digest, digestOf(digestToBytes(digest))]) {
    const { status } = await view.receiptOf(id);
    if (status !== "unknown") return { id, status };
  }
  return undefined;
}
