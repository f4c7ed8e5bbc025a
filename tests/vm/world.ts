import { expect } from "bun:test";
import { idFromBytes, zeroId } from "../../src/avalanche/id.ts";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { sha256 } from "../../src/avalanche/sha256.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { bytesOf, decideNext, genesis, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { refusalCodeOf } from "../support/refusal.ts";
import { Model, maxItems, spaced, textOf } from "./model.ts";

/** One thing that happens. The numbers choose among what there is then. */
export interface Action {
  readonly kind: (typeof kinds)[number];
  readonly pick: number;
  readonly twist: number;
}

export const kinds = [
  ...["propose", "propose", "gossip", "build", "build", "craft", "craft", "verify", "verify", "verify"],
  ...[
    "accept",
    "accept",
    "accept",
    "acceptNext",
    "acceptNext",
    "reject",
    "prefer",
    "prefer",
    "tick",
    "pass",
    "reopen",
    "stake",
    "confirm",
  ],
] as readonly (
  | "propose"
  | "gossip"
  | "build"
  | "craft"
  | "verify"
  | "accept"
  | "acceptNext"
  | "reject"
  | "prefer"
  | "tick"
  | "pass"
  | "reopen"
  | "stake"
  | "confirm"
)[];

/** A VM, and the model of it, through the same history. */
export class World {
  readonly #file: string;
  readonly #clock = new FakeClock();
  readonly #model = new Model();
  readonly #config = { maxMempoolItems: maxItems, durability: "normal" } as const;
  /** Every block that was ever made. */
  readonly #known: Block[] = [genesis];
  /** What was acknowledged, and no other database's past has undone. */
  readonly #acknowledged = new Set<string>();
  #vm: Vm;

  constructor(file: string) {
    this.#file = file;
    this.#vm = startVm({ file, clock: this.#clock, config: this.#config }).vm;
  }

  run({ kind, pick, twist }: Action): void {
    this[kind](pick, twist);
    this.#check();
  }

  propose(pick: number, twist: number): void {
    const text = `p${pick % 10}`;
    const caller = `caller ${twist % 3}`;
    const once = twist % 2 === 0;
    const verdict = this.#model.propose(text, caller, once);
    const refusal = this.#vm.propose([{ data: bytesOf(text), caller, once }])[0];
    expect(refusal?.refusal.code as string | undefined).toBe(verdict);
    if (verdict === undefined) this.#acknowledged.add(text);
  }

  gossip(pick: number, twist: number): void {
    const text = `p${pick % 12}`;
    const peer = twist % 3;
    this.#vm.addGossip([bytesOf(text)], nodeOf(peer));
    this.#model.gossip(text, `${peer}`);
  }

  /** The validators are others from now on, or have more or less at stake. */
  stake(pick: number, twist: number): void {
    const weights = [0, 1, 2].map((node) => [node, (pick >> (2 * node)) % 4] as const);
    this.#vm.setValidators(new Map(weights.map(([node, weight]) => [nodeOf(node), BigInt(weight * (1 + twist))])));
    this.#model.setStakes(new Map(weights.flatMap(([node, weight]) => (weight === 0 ? [] : [[`${node}`, weight]]))));
  }

  build(): void {
    const wanted = this.#model.build(this.#clock.now());
    if (typeof wanted !== "object") return this.#expectVerdict(() => this.#vm.buildBlock(), wanted);
    expect(this.#vm.buildBlock()).toEqual(wanted);
    this.#known.push(wanted);
  }

  /** Another node makes a block, a right one or a wrong one. */
  craft(pick: number, twist: number): void {
    const parent = this.#pickKnown(pick);
    const from = twist % 3 === 0 ? this.#clock.now() : parent.timestamp;
    const timestamp = from + ([0n, 0n, 1n, -1n, 3599n, 3600n][twist % 6] ?? 0n);
    const block = createBlock({
      parentId: parent.id,
      height: parent.height + (twist % 17 === 16 ? 2n : 1n),
      timestamp: timestamp < 0n ? 0n : timestamp,
      data: bytesOf(`p${twist % 13}`),
    });
    this.#known.push(twist % 5 === 0 ? spaced(block) : block);
  }

  verify(pick: number): void {
    const block = this.#pickKnown(pick);
    expect(this.#vm.parseBlock(block.bytes)).toEqual(block);
    const verdict = this.#model.verify(block, this.#clock.now());
    this.#expectVerdict(() => expect(this.#vm.verifyBlock(block.bytes)).toEqual(block), verdict);
  }

  accept(pick: number): void {
    const block = this.#pickKnown(pick);
    this.#expectVerdict(() => this.#vm.acceptBlock(block.id), this.#model.accept(block));
  }

  acceptNext(pick: number): void {
    const next = [...this.#model.processing.values()].filter(({ parentId }) => parentId === this.#model.last.id);
    const block = next[pick % next.length];
    if (block) this.#expectVerdict(() => this.#vm.acceptBlock(block.id), this.#model.accept(block));
  }

  reject(pick: number): void {
    const block = this.#pickKnown(pick);
    this.#expectVerdict(() => this.#vm.rejectBlock(block.id), this.#model.reject(block));
  }

  prefer(pick: number): void {
    const block = this.#pickKnown(pick);
    this.#vm.setPreference(block.id);
    this.#model.prefer(block);
  }

  /** The node's database has the head marker of this block, or of a later one. */
  confirm(pick: number): void {
    const { accepted, shown } = this.#model;
    this.#model.shown = shown + (pick % (accepted.length - shown));
    this.#vm.confirm(accepted[this.#model.shown] ?? genesis);
  }

  tick(pick: number): void {
    this.#clock.seconds += [1n, 1n, 60n, -60n, 3000n, -3000n][pick % 6] ?? 0n;
  }

  /** Time passes by itself. */
  pass(): void {
    this.#clock.advanceMs(2_000);
    this.#model.write();
  }

  /** The process ends and starts again; the node's database may have lost its end, or be another one. */
  reopen(pick: number, twist: number): void {
    const { headMarker } = this.#vm;
    const { accepted } = this.#model;
    const behind = accepted[twist % accepted.length] ?? genesis;
    const marker: HeadMarker | undefined = [
      headMarker,
      headMarker,
      { ...headMarker, height: behind.height, id: behind.id },
      { ...headMarker, height: headMarker.height + 1n },
      { ...headMarker, id: behind.id },
      { ...headMarker, instanceId: new Uint8Array(16) },
      undefined,
    ][pick % 7];
    this.#vm.close();
    this.#vm = startVm({ file: this.#file, clock: this.#clock, config: this.#config, marker }).vm;
    const before = this.#model.accepted.map(textOf);
    this.#model.reopen(marker, headMarker.instanceId);
    const after = [...this.#model.accepted.map(textOf), ...this.#model.pending];
    for (const text of before) if (!after.includes(text)) this.#acknowledged.delete(text);
  }

  /** Lets consensus come to rest, at a time of which no block is known yet: every acknowledged proposal is in an accepted block then. */
  finish(): void {
    this.#vm.setPreference(this.#vm.lastAccepted.id);
    for (const { timestamp } of this.#known) if (timestamp >= this.#clock.now()) this.#clock.seconds = timestamp + 1n;
    while (this.#vm.status().mempool.items > 0) this.#model.accepted.push(decideNext(this.#vm));
    const stamped = new Set(this.#model.accepted.map(textOf));
    expect([...this.#acknowledged].filter((text) => !stamped.has(text))).toEqual([]);
    this.#vm.close();
  }

  /** The newest blocks more often than the old ones. */
  #pickKnown(pick: number): Block {
    const among = pick % 4 === 0 ? this.#known.length : Math.min(6, this.#known.length);
    return this.#known.at(-1 - (pick % among)) ?? genesis;
  }

  #expectVerdict(work: () => unknown, verdict: string | undefined): void {
    expect(refusalCodeOf(work) as string | undefined).toBe(verdict);
  }

  #check(): void {
    const { accepted, processing, rejected, pending, last } = this.#model;
    const vm = this.#vm;
    const stored = accepted.map(({ height }) => vm.getAcceptedBlock(vm.getBlockIdAtHeight(height) ?? zeroId));
    expect(stored.map((block) => block?.id)).toEqual(accepted.map((block) => block.id));
    expect(stored.every((block, i) => block !== undefined && isChild(block, stored[i - 1]))).toBeTrue();
    expect(vm.getBlockIdAtHeight(last.height + 1n)).toBeUndefined();
    expect(vm.lastAccepted.id).toBe(last.id);
    expect(vm.headMarker).toMatchObject({ height: last.height, id: last.id });
    expect([...processing.keys()].filter((id) => vm.getBlock(id)?.id !== id)).toEqual([]);
    expect([...rejected.keys()].filter((id) => vm.getBlock(id) !== undefined)).toEqual([]);
    expect(vm.status()).toMatchObject({ processing: processing.size, mempool: { items: pending.length } });
    expect(this.#model.find(this.#model.preference.id), "the preferred block is known").toBeDefined();
    const next = this.#model.build(this.#clock.now());
    if (typeof next !== "object") this.#expectVerdict(() => vm.buildBlock(), next);
    else expect(vm.buildBlock().id).toBe(next.id);
  }
}

function nodeOf(peer: number): NodeId {
  return nodeIdFromBytes(new Uint8Array(20).fill(peer));
}

/** Whether the stored block is whole, and follows the one below it. */
function isChild({ id, bytes }: Block, parent: Block | undefined): boolean {
  const { parentId, height, timestamp } = parseBlock(bytes);
  if (idFromBytes(sha256(bytes)) !== id) return false;
  if (parent === undefined) return id === genesis.id;
  return parentId === parent.id && height === parent.height + 1n && timestamp >= parent.timestamp;
}
