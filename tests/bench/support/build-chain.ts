import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { sha256 } from "../../../src/avalanche/sha256.ts";
import type { Block } from "../../../src/core/block.ts";
import type { BlockStore } from "../../../src/store/block-store.ts";
import type { HeadMarker } from "../../../src/vm/rewind.ts";
import { genesis } from "../../support/chain.ts";
import type { Sources } from "./sources.ts";

/** The first block after genesis is of one second later. */
const start = 1_700_000_000;
/** Blocks in one transaction. */
const stretch = 5_000;

/**
 * Makes the database of a chain up to a height, a block a second, each with the 32 bytes of `dataAt`. Gives what the
 * node's database must have of it.
 */
export function buildChain({ BlockStore, createBlock }: Sources, file: string, height: number): HeadMarker {
  mkdirSync(dirname(file), { recursive: true });
  const store = BlockStore.open(file);
  store.setDurability("normal");
  let parent = genesis;
  store.acceptAll([parent]);
  for (let from = 1; from <= height; from += stretch) {
    const blocks: Block[] = [];
    for (let at = from; at < from + stretch && at <= height; at++) {
      parent = createBlock({
        parentId: parent.id,
        height: BigInt(at),
        timestamp: BigInt(timestampAt(at)),
        data: dataAt(at),
      });
      blocks.push(parent);
    }
    store.acceptAll(blocks);
  }
  indexDigests(store);
  store.checkpoint();
  const marker = { instanceId: store.instanceId, height: parent.height, id: parent.id };
  store.close();
  return marker;
}

/** What the block at a height carries. */
export function dataAt(height: number): Uint8Array {
  return sha256(new TextEncoder().encode(`block ${height}`));
}

/** Unix seconds. */
export function timestampAt(height: number): number {
  return start + height;
}

/** Brings the index of digests up to the blocks, in versions where it may lag. */
export function indexDigests(store: BlockStore & { indexDigests?: () => IteratorObject<void> }): void {
  store.indexDigests?.().forEach(() => {});
}
