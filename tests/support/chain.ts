import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { SharedFigures } from "../../src/clients/shared.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import { type Config, defaultConfig } from "../../src/core/config.ts";
import { formatGenesis, parseGenesis } from "../../src/core/genesis.ts";
import type { Submission } from "../../src/core/proposal.ts";
import type { BlockStore } from "../../src/store/block-store.ts";
import type { Disk } from "../../src/store/disk.ts";
import type { ConfirmedHead } from "../../src/vm/confirmed-chain.ts";
import { openVm } from "../../src/vm/open.ts";
import type { HeadMarker, Rewound } from "../../src/vm/rewind.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { isAcross, newFile, type Place } from "./across.ts";
import { FakeClock } from "./clock.ts";

export const genesisBytes: Uint8Array = new TextEncoder().encode(formatGenesis("Hello from Rust VM!"));
export const genesis: Block = parseGenesis(genesisBytes);

/** The time of every clock and every block that says no other. */
export const now = 1_700_000_000n;

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A block that may follow `parent`. */
export function childOf(parent: Block, data: string | Uint8Array = "", timestamp: bigint = now): Block {
  return createBlock({
    parentId: parent.id,
    height: parent.height + 1n,
    timestamp,
    data: typeof data === "string" ? bytesOf(data) : data,
  });
}

/** The same in another form, which has another id. It is stored as its bytes, and read without its parent. */
export function spaced({ bytes }: Block): Block {
  return parseBlock(new Uint8Array([...bytes, 0x20]));
}

/** `count` blocks, each the child of the one before; the first follows `parent`. */
export function chainOn(parent: Block, count: number): Block[] {
  const blocks: Block[] = [];
  for (let i = 0; i < count; i++) blocks.push(childOf(blocks.at(-1) ?? parent, `block ${i} on ${parent.height}`));
  return blocks;
}

export interface TestVm {
  readonly vm: Vm;
  readonly clock: FakeClock;
  /** What the VM gave out for gossip. */
  readonly gossiped: Uint8Array[];
  readonly rewound: Rewound[];
  /** By how many milliseconds the clock was set, each time that the VM noticed it. */
  readonly clockSets: number[];
}

/** Opens a VM, in normal operation, in memory when no file is given. */
export function startVm({
  file = isAcross ? newFile() : ":memory:",
  marker = undefined as HeadMarker | undefined,
  clock = new FakeClock(now),
  config = {} as Partial<Config>,
  disk = undefined as Disk | undefined,
  genesis = genesisBytes,
  head = isAcross ? new SharedFigures() : undefined,
} = {}): TestVm {
  const gossiped: Uint8Array[] = [];
  const clockSets: number[] = [];
  const rewound: Rewound[] = [];
  const opening = openVm({
    file,
    genesisBytes: genesis,
    marker,
    config: { ...defaultConfig, ...config },
    ...(disk && { disk }),
    clock,
    nodeId: ownNode,
    onClockSet: (ms) => clockSets.push(ms),
    gossip: (data) => gossiped.push(data),
    ...(head && { head }),
  });
  for (;;) {
    const step = opening.next();
    if (!step.done) {
      if (step.value !== undefined) rewound.push(step.value);
      continue;
    }
    step.value.setState("normal operation");
    if (head !== undefined) places.set(step.value, { file, head, clock });
    return { vm: step.value, clock, gossiped, rewound, clockSets };
  }
}

/** Where each chain is that another thread could see. */
export const places = new WeakMap<Vm, Place>();

/** The node in which each VM runs that says no other. */
export const ownNode: NodeId = nodeIdFromBytes(new Uint8Array(20).fill(6));

/** A node of the network. */
export const peer: NodeId = nodeIdFromBytes(new Uint8Array(20).fill(7));

/** Proposes data as clients do, one after the other, each a caller of its own. Throws why one was not taken. */
export function propose(vm: Vm, ...batch: readonly (string | Uint8Array)[]): void {
  for (const data of batch) {
    const [refusal] = vm.propose(submissionsOf(typeof data === "string" ? bytesOf(data) : data));
    if (refusal !== undefined) throw refusal;
  }
}

/** Each from a caller of its own. */
export function submissionsOf(...batch: readonly Uint8Array[]): Submission[] {
  return batch.map((data) => ({ data, caller: `caller ${callers++}` }));
}

let callers = 0;

/** Verifies and accepts, one after the other. */
export function acceptAll(vm: Vm, blocks: readonly Block[]): void {
  for (const block of blocks) {
    vm.verifyBlock(block.bytes);
    vm.acceptBlock(block.id);
    vm.confirm(block);
  }
}

/** Lets the VM build, verify, prefer and accept a block, as the node does on a quiet network. */
export function decideNext(vm: Vm): Block {
  const block = vm.verifyBlock(vm.buildBlock().bytes);
  vm.setPreference(block.id);
  vm.acceptBlock(block.id);
  vm.confirm(block);
  return block;
}

/** For a file of which all is confirmed. */
export function allOf(store: BlockStore): ConfirmedHead {
  return { height: store.lastAccepted().height, waiting: 0 };
}
