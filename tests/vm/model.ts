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
  /** Of the rest, which peers it is of: the first that sent it, then validators. */
  readonly theirs = new Map<string, string[]>();
  /** The same data once more: by owner, in the order in which the owners of each kind have their turns. */
  turns: Turn[] = [];
  /** What the validators have at stake, by the names of nodes. */
  stakes = new Map<string, number>();
  preference: Block = genesis;
  /** The height of the last block that clients see. */
  shown = 0;

  get last(): Block {
    return this.accepted.at(-1) ?? genesis;
  }

  isAccepted(block: Block): boolean {
    return this.accepted[Number(block.height)]?.id === block.id;
  }

  find(id: Id): Block | undefined {
    return this.processing.get(id) ?? this.accepted.find((block) => block.id === id);
  }

  /** With `once`, any block with the text is enough; else only one that clients do not see. */
  propose(text: string, caller: string, once: boolean): Verdict {
    if (this.own.has(text)) return undefined;
    if (this.accepted.slice(once ? 0 : this.shown + 1).some((block) => textOf(block) === text)) return undefined;
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
    this.#queue(text, caller);
    return undefined;
  }

  gossip(text: string, peer: string): void {
    if (!this.#isRoomFor(peer)) return;
    const owners = this.theirs.get(text);
    if (owners !== undefined) {
      if (owners.includes(peer) || !this.stakes.has(peer)) return;
      owners.push(peer);
    } else {
      const late = this.accepted.some((block) => textOf(block) === text);
      if (late || this.pending.includes(text)) return;
      this.pending.push(text);
      this.theirs.set(text, [peer]);
    }
    this.#queue(text, `peer ${peer}`);
  }

  /** Validators have three quarters of gossip's half by stake, whole items; the rest is shared, validators included. */
  #isRoomFor(peer: string): boolean {
    const total = sum([...this.stakes.values()]);
    const ownRoom = (node: string) =>
      total === 0 ? 0 : Math.floor((3 * (maxItems / 2) * (this.stakes.get(node) ?? 0)) / 4 / total);
    const beyond = (node: string) =>
      Math.max(0, [...this.theirs.values()].filter((owners) => owners.includes(node)).length - ownRoom(node));
    if (this.pending.length >= maxItems) return false;
    const held = [...this.theirs.values()].filter((owners) => owners.includes(peer)).length;
    if (held < ownRoom(peer)) return true;
    const free =
      (maxItems / 2) * (total === 0 ? 1 : 1 / 4) - sum([...new Set([...this.theirs.values()].flat())].map(beyond));
    return beyond(peer) === 0 ? free >= 1 : beyond(peer) + 1 <= free - 1;
  }

  /** The block that a build would make, or why it makes none. */
  build(now: bigint): Block | Verdict {
    const carried: string[] = [];
    for (let at = this.processing.get(this.preference.id); at; at = this.processing.get(at.parentId)) {
      carried.push(textOf(at));
    }
    // As if the preferred blocks were accepted already, one after the other.
    const all = carried.reduceRight((turns, text) => this.#served(turns, text), this.turns);
    const text = this.#textOfTurn(Number(this.preference.height) + 1, all);
    if (text === undefined) return "nothing to build";
    const { id: parentId, height, timestamp: parentTimestamp } = this.preference;
    const first = now > parentTimestamp ? now : parentTimestamp;
    for (let timestamp = first; timestamp < now + 3600n; timestamp++) {
      const block = createBlock({ parentId, height: height + 1n, timestamp, data: bytesOf(text) });
      if (!this.rejected.has(block.id)) return block;
    }
    return "future timestamp";
  }

  #textOfTurn(height: number, turns: readonly Turn[]): string | undefined {
    const turn = this.#nodeOfTurn(Math.floor(height / 2));
    const isPeers = ({ owner }: Turn) => owner.startsWith("peer");
    const isValidators = ({ owner }: Turn) => this.stakes.has(owner.replace("peer ", ""));
    const clients = turns.filter((next) => !isPeers(next));
    const [validators, others] = [
      turns.filter(isValidators),
      turns.filter((next) => isPeers(next) && !isValidators(next)),
    ];
    const peers =
      turn === undefined
        ? [...others, ...validators]
        : [...validators.filter(({ owner }) => owner === `peer ${turn}`), ...validators, ...others];
    return (height % 2 === 0 ? [...clients, ...peers] : [...peers, ...clients])[0]?.texts[0];
  }

  /** Whose turn it is: turns as fractions with their bits mirrored, three quarters of the line cut up by stake. */
  #nodeOfTurn(turn: number): string | undefined {
    let place = 0;
    for (let bit = 0; bit < 20; bit++) if (turn & (1 << bit)) place += 0.5 ** (bit + 1);
    let end = 0;
    for (const [node, weight] of [...this.stakes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      end += (weight / sum([...this.stakes.values()])) * (3 / 4);
      if (place < end) return node;
    }
    return undefined;
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
    this.turns = this.#served(this.turns, textOf(block));
    this.pending = this.pending.filter((text) => text !== textOf(block));
    this.own.delete(textOf(block));
    this.theirs.delete(textOf(block));
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

  /** Whoever becomes a validator, or is none any more, comes behind the others. */
  setStakes(stakes: Map<string, number>): void {
    const before = this.stakes;
    const isMoved = ({ owner }: Turn) =>
      before.has(owner.replace("peer ", "")) !== stakes.has(owner.replace("peer ", ""));
    this.turns = [...this.turns.filter((turn) => !isMoved(turn)), ...this.turns.filter(isMoved)];
    this.stakes = stakes;
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
    this.shown = this.accepted.length - 1;
    this.#forgetOwners();
  }

  /** Only who sent a proposal first is in the file, and nobody is known to be a validator. */
  #forgetOwners(): void {
    this.turns = [];
    this.stakes = new Map();
    for (const [text, [first = ""]] of this.theirs) this.theirs.set(text, [first]);
    for (const text of this.pending) this.#queue(text, this.own.get(text) ?? `peer ${this.theirs.get(text)}`);
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
  #queue(text: string, owner: string): void {
    const turn = this.turns.find((other) => other.owner === owner);
    if (turn === undefined) this.turns.push({ owner, texts: [text] });
    else turn.texts.push(text);
  }

  /** The text has had its turn, and so have its owners. */
  #served(turns: readonly Turn[], text: string): Turn[] {
    const owners = this.theirs.get(text)?.map((peer) => `peer ${peer}`) ?? [`${this.own.get(text)}`];
    const isServed = ({ owner, texts }: Turn) => owners.includes(owner) && texts.includes(text);
    const last = owners.flatMap((owner) => turns.filter((turn) => turn.owner === owner && isServed(turn)));
    return without([...turns.filter((turn) => !isServed(turn)), ...last], text);
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

function without(turns: readonly Turn[], text: string): Turn[] {
  return turns
    .map(({ owner, texts }) => ({ owner, texts: texts.filter((other) => other !== text) }))
    .filter(({ texts }) => texts.length > 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, next) => total + next, 0);
}

export function textOf(block: Block): string {
  return new TextDecoder().decode(block.data);
}

/** Another block that says the same, as any node may send it. */
export function spaced(block: Block): Block {
  return parseBlock(new Uint8Array([...block.bytes, 0x20]));
}
