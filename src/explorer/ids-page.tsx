/** @jsxImportSource hono/jsx */
import { rangesOfIds } from "../avalanche/id-start.ts";
import { defaultPageBlocks } from "../client/limits.ts";
import type { Listing } from "../core/listing.ts";
import { showBlockById } from "./block-page.tsx";
import { BlockList } from "./blocks-page.tsx";
import type { Desk } from "./desk.ts";
import { Message, type View } from "./parts.tsx";

/** The block whose id begins and ends so, or the list of these blocks if there are several. */
export async function showIds(desk: Desk, start: string, end: string): Promise<View> {
  const blocks = await findIds(desk, start, end);
  const [first, second] = blocks;
  if (first === undefined) return showNone(start, end);
  if (second === undefined) return showBlockById(desk, first.id);
  const isCut = blocks.length > defaultPageBlocks;
  const content = (
    <section aria-labelledby="ids">
      <h1 id="ids">{`Blocks whose ids begin with ${start}`}</h1>
      {isCut && <p class="quiet">{`These are ${defaultPageBlocks} of them. Give more of the id.`}</p>}
      <BlockList desk={desk} blocks={blocks.slice(0, defaultPageBlocks)} />
    </section>
  );
  return { status: 200, title: `Ids with ${start}`, content };
}

/** Reads at most one block more than a page has. Others whose ids begin so may be missing then. */
async function findIds({ chain, caller }: Desk, start: string, end: string): Promise<readonly Listing[]> {
  const found: Listing[] = [];
  for (const range of rangesOfIds(start)) {
    for (const height of chain.findHeights(range, defaultPageBlocks + 1)) {
      const listing = chain.getListingAtHeight(height);
      if (listing?.id.startsWith(start) && listing.id.endsWith(end)) found.push(listing);
      await caller.pause();
    }
  }
  return found.toSorted((a, b) => Number(a.height - b.height)).slice(0, defaultPageBlocks + 1);
}

function showNone(start: string, end: string): View {
  const content = (
    <Message heading="Block not found">
      <p>
        No accepted block has an id that begins with <code>{start}</code>
        {end !== "" && (
          <>
            {" "}
            and ends with <code>{end}</code>
          </>
        )}
        . A block that is not decided yet is not shown.
      </p>
    </Message>
  );
  return { status: 404, title: "Block not found", content };
}
