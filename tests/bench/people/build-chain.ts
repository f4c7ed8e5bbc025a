import { join } from "node:path";
import { sha256 } from "../../../src/avalanche/sha256.ts";
import { type Block, createBlock } from "../../../src/core/block.ts";
import { defaultConfig } from "../../../src/core/config.ts";
import { formatGenesis, parseGenesis } from "../../../src/core/genesis.ts";
import { BlockStore } from "../../../src/store/block-store.ts";
import { databaseFileName } from "../../../src/store/database.ts";
import { systemClock } from "../../../src/vm/clock.ts";
import { openVmAlone } from "../../../src/vm/open.ts";

export interface BuiltChain {
  /** With which `timestampvm dev` serves it. */
  readonly devArgs: readonly string[];
  /** Of the last block. */
  readonly height: number;
  /** In hex. */
  readonly dataAt: (height: number) => string;
  /** Unix seconds. */
  readonly timestampAt: (height: number) => bigint;
  /** Opens and closes it; gives the milliseconds of the opening. */
  readonly open: () => number;
}

const genesis = "a chain to be measured";
const genesisBytes = new TextEncoder().encode(formatGenesis(genesis));
const start = 1_700_000_000n;
/** Blocks in one transaction. */
const stretch = 5_000;

/** Makes the database of a chain, a block a second, each with 32 bytes of data. */
export function buildChain(dataDir: string, height: number): BuiltChain {
  const file = join(dataDir, databaseFileName);
  const store = BlockStore.open(file);
  store.setDurability("normal");
  let parent = parseGenesis(genesisBytes);
  store.acceptAll([parent]);
  for (let from = 1; from <= height; from += stretch) {
    const blocks: Block[] = [];
    for (let at = from; at < from + stretch && at <= height; at++) {
      parent = createBlock({
        parentId: parent.id,
        height: BigInt(at),
        timestamp: start + BigInt(at),
        data: dataAt(at),
      });
      blocks.push(parent);
    }
    store.acceptAll(blocks);
  }
  store.checkpoint();
  store.close();
  return {
    devArgs: ["--data-dir", dataDir, "--genesis", genesis],
    height,
    dataAt: (at) => `0x${dataAt(at).toHex()}`,
    timestampAt: (at) => start + BigInt(at),
    open: () => timeOpening(file),
  };
}

function dataAt(height: number): Uint8Array {
  return sha256(new TextEncoder().encode(`block ${height}`));
}

function timeOpening(file: string): number {
  const began = performance.now();
  const vm = openVmAlone({ file, genesisBytes, config: defaultConfig, clock: systemClock, gossip: () => {} });
  const ms = performance.now() - began;
  vm.close();
  return ms;
}
