import type { Id } from "../../src/avalanche/id.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import { bytesOf, genesis } from "../support/chain.ts";
import type { Refusal } from "../support/refusal.ts";

export type Verdict = Refusal["code"] | undefined;

export const maxItems = 8;

/** What a VM should be after any history, in the plainest words: no file, no digests, no index. */
export class Model {
  /** By height. */
  accepted: Block[] = [genesis];
  readonly processing = new Map<Id, Block>();
  readonly rejected = new Map<Id, Block>();
  /** Of those that are rejected, the ones of which that is not on disk yet. */
  readonly unwritten = new Set<Id>();
  /** Data that waits for a block, in the order it came; on disk. */
  pending: string[] = [];
  /** What of it clients of this node have been answered for, and who they are, "" for nobody who is known. */
  readonly own = new Map<string, string>();
  /** Of the rest, which peers it is of. */
  readonly theirs = new Map<string, string>();
  /** The same data once more: by owner, in the order in which the owners have their turns. */
  turns: Turn[] = [];
  preference: Block = genesis;

  get last(): Block {
    return this.accepted.at(-1) ?? genesis;
  }

  isAccepted(block: Block): boolean {
    return this.accepted[Number(block.height)]?.id === block.id;
  }

  find(id: Id): Block | undefined {
    return this.processing.get(id) ?? this.accepted.find((block) => block.id === id);
  }

  propose(text: string, caller: string): Verdict {
    if (this.own.has(text)) return undefined;
    if (!this.pending.includes(text)) {
      const held = [...this.own.values()].filter((other) => other === caller).length;
      const free = maxItems - this.pending.length;
      // One more leaves as much as the caller has then; the first needs a place.
      if (held === 0 ? free < 1 : held + 1 > free - 1) return "mempool full";
      this.pending.push(text);
    }
    this.theirs.delete(text);
    this.own.set(text, caller);
    this.turns = without(this.turns, text);
    this.#queue(text);
    return undefined;
  }

  gossip(text: string, peer: string): void {
    const late = this.accepted.some((block) => textOf(block) === text);
    const held = [...this.theirs.values()].filter((other) => other === peer).length;
    if (late || this.pending.includes(text) || this.pending.length >= maxItems / 2 || held >= maxItems / 4) return;
    this.pending.push(text);
    this.theirs.set(text, peer);
    this.#queue(text);
  }

  /** The block that a build would make, or why it makes none. */
  build(now: bigint): Block | Verdict {
    const carried: string[] = [];
    for (let at = this.processing.get(this.preference.id); at; at = this.processing.get(at.parentId)) {
      carried.push(textOf(at));
    }
    // As if the preferred blocks were accepted already, one after the other.
    const all = carried.reduceRight((turns, text) => served(turns, text), this.turns);
    const own =
      this.preference.height % 2n === 1n ? all.find(({ texts: [text = ""] }) => this.own.has(text)) : undefined;
    const text = (own ?? all[0])?.texts[0];
    if (text === undefined) return "nothing to build";
    const { id: parentId, height, timestamp: parentTimestamp } = this.preference;
    const first = now > parentTimestamp ? now : parentTimestamp;
    for (let timestamp = first; timestamp < now + 3600n; timestamp++) {
      const block = createBlock({ parentId, height: height + 1n, timestamp, data: bytesOf(text) });
      if (!this.rejected.has(block.id)) return block;
    }
    return "future timestamp";
  }

  verify(block: Block, now: bigint): Verdict {
    if (this.processing.has(block.id) || this.isAccepted(block)) return undefined;
    if (this.rejected.has(block.id)) return "already rejected";
    const parent = this.find(block.parentId);
    if (parent === undefined) return "unknown parent";
    if (block.height !== parent.height + 1n) return "wrong height";
    if (block.timestamp < parent.timestamp) return "timestamp before parent";
    if (block.timestamp >= now + 3600n) return "future timestamp";
    if (block.height <= this.last.height) return "height decided";
    this.processing.set(block.id, block);
    return undefined;
  }

  accept(block: Block): Verdict {
    if (this.isAccepted(block)) return undefined;
    if (this.rejected.has(block.id)) return "already rejected";
    if (!this.processing.has(block.id)) return "not processing";
    if (block.parentId !== this.last.id) return "not next";
    this.accepted.push(block);
    this.processing.delete(block.id);
    for (const other of [...this.processing.values()]) {
      if (other.height > block.height) continue;
      this.#reject(other);
      this.unwritten.add(other.id);
    }
    this.pending = this.pending.filter((text) => text !== textOf(block));
    this.own.delete(textOf(block));
    this.theirs.delete(textOf(block));
    this.turns = served(this.turns, textOf(block));
    if (!this.processing.has(this.preference.id)) this.preference = block;
    return undefined;
  }

  reject(block: Block): Verdict {
    if (this.isAccepted(block)) return "already accepted";
    this.unwritten.delete(block.id);
    if (this.rejected.has(block.id)) return undefined;
    if (!this.processing.has(block.id)) return "not processing";
    this.#reject(block);
    if (this.preference.id === block.id) this.preference = this.last;
    return undefined;
  }

  prefer(block: Block): void {
    if (block.id === this.last.id || this.processing.has(block.id)) this.preference = block;
  }

  /** Some time passes: the disk has what follows from the accepts. */
  write(): void {
    this.unwritten.clear();
  }

  /** The node starts again, and its database says this. */
  reopen(marker: HeadMarker | undefined, instanceId: Uint8Array): void {
    for (const id of this.unwritten) this.rejected.delete(id);
    this.unwritten.clear();
    for (const text of this.own.keys()) this.own.set(text, "");
    const sameFile = marker?.instanceId.toHex() === instanceId.toHex();
    const same = marker !== undefined && sameFile && this.accepted[Number(marker.height)]?.id === marker.id;
    const ahead = marker !== undefined && sameFile && marker.height > this.last.height;
    const height = same ? marker.height : ahead ? this.last.height : 0n;
    if (height < this.last.height) {
      const off = this.#rewind(height);
      // What only the power took comes back, before what came later; what another database had decided does not.
      if (same) for (const text of off.map(textOf).reverse()) this.#rewindAndRequeue(text);
    }
    this.processing.clear();
    this.preference = this.last;
    this.turns = [];
    for (const text of this.pending) this.#queue(text);
  }

  #rewind(height: bigint): Block[] {
    for (const [id, block] of this.rejected) if (block.height > height) this.rejected.delete(id);
    return this.accepted.splice(Number(height) + 1);
  }

  #rewindAndRequeue(text: string): void {
    if (this.pending.includes(text)) return;
    this.pending.unshift(text);
    this.own.set(text, "");
  }

  /** Behind all of its owner; who had nothing comes last. */
  #queue(text: string): void {
    const owner = this.own.get(text) ?? `peer ${this.theirs.get(text)}`;
    const turn = this.turns.find((other) => other.owner === owner);
    if (turn === undefined) this.turns.push({ owner, texts: [text] });
    else turn.texts.push(text);
  }

  #reject(block: Block): void {
    this.processing.delete(block.id);
    this.rejected.set(block.id, block);
  }
}

/** What one owner waits for, in the order it came to be its. */
interface Turn {
  readonly owner: string;
  readonly texts: string[];
}

/** The text has had its turn, and so has its owner. */
function served(turns: readonly Turn[], text: string): Turn[] {
  const owner = turns.find(({ texts }) => texts.includes(text));
  if (owner === undefined) return [...turns];
  return without([...turns.filter((turn) => turn !== owner), owner], text);
}

function without(turns: readonly Turn[], text: string): Turn[] {
  return turns
    .map(({ owner, texts }) => ({ owner, texts: texts.filter((other) => other !== text) }))
    .filter(({ texts }) => texts.length > 0);
}

export function textOf(block: Block): string {
  return new TextDecoder().decode(block.data);
}

/** Another block that says the same, as any node may send it. */
export function spaced(block: Block): Block {
  return parseBlock(new Uint8Array([...block.bytes, 0x20]));
}
