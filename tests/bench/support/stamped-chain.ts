import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import type { Block } from "../../../src/core/block.ts";
import type { Digest } from "../../../src/core/digest.ts";
import type { BlockStore } from "../../../src/store/block-store.ts";
import { genesis } from "../../support/chain.ts";
import { indexDigests } from "./build-chain.ts";
import { median } from "./figures.ts";
import type { Sources } from "./sources.ts";

const rounds = 9;
/** Stamps between two looks at the log. */
const stride = 20;

/** A chain whose proposals and blocks a store takes as a plugin's does, except that nobody waits for a sync. */
export class StampedChain {
  readonly #sources: Sources;
  readonly #file: string;
  readonly #store: BlockStore;
  #parent: Block;
  /** Processor time of this process per stamp, in each call of `stamp`. */
  readonly #cpuMicros: number[] = [];
  #stamps = 0;
  #blockBytes = 0;
  /** Bytes of the log, of which no checkpoint takes anything away. */
  #logged = 0;

  /** Goes on where the file ends; a new one gets the genesis. */
  constructor(sources: Sources, file: string) {
    const { BlockStore, digestOf, localDisk, systemClock } = sources;
    this.#sources = sources;
    this.#file = file;
    this.#store = BlockStore.open(file);
    if (this.#store.lastHeight() === undefined) this.#store.accept(genesis, digestOf(genesis.data));
    this.#parent = this.#store.lastAccepted();
    indexDigests(this.#store); // as when a chain is opened
    const disk = localDisk(file);
    if (disk !== undefined) this.#store.syncBy(disk, systemClock);
    this.#store.setDurability("normal");
  }

  /** Makes so many blocks of random data, each of which was proposed before. */
  async stamp(count: number, dataBytes: number): Promise<void> {
    const stamps = Array.from({ length: count }, () => this.#next(dataBytes));
    Bun.gc(true);
    const began = process.cpuUsage();
    for (let from = 0; from < count; from += stride) {
      const before = this.#logBytes;
      for (const { block, digest } of stamps.slice(from, from + stride)) this.#take(block, digest);
      this.#logged += this.#logBytes - before;
      await Bun.sleep(0); // a checkpoint may end here, and empty the log
    }
    const { user, system } = process.cpuUsage(began);
    this.#cpuMicros.push((user + system) / count);
    this.#stamps += count;
  }

  /** KiB of the log per stamp. */
  get loggedKib(): number {
    return this.#logged / this.#stamps / 1_024;
  }

  /** In µs, without the first call of `stamp`, which warms up. */
  get medianCpuMicros(): number {
    return median(this.#cpuMicros.slice(1));
  }

  /** Gives the bytes of the file, which has everything then, per byte of the blocks that were stamped. */
  close(): number {
    this.#store.close();
    return statSync(this.#file).size / this.#blockBytes;
  }

  #take(block: Block, digest: Digest): void {
    const { data, timestamp: since } = block;
    this.#store.proposals.add([{ digest, data, bytes: data.length, since, peer: undefined }]);
    this.#store.accept(block, digest);
  }

  #next(dataBytes: number): { readonly block: Block; readonly digest: Digest } {
    const { createBlock, digestOf } = this.#sources;
    const { id: parentId, height, timestamp } = this.#parent;
    const data = randomBytes(dataBytes);
    this.#parent = createBlock({ parentId, height: height + 1n, timestamp: timestamp + 1n, data });
    this.#blockBytes += this.#parent.bytes.length;
    return { block: this.#parent, digest: digestOf(data) };
  }

  get #logBytes(): number {
    return statSync(`${this.#file}-wal`).size;
  }
}

/** Lets chains stamp, so many blocks in each of nine rounds and one before them, each chain first in turn. */
export async function stampInTurns(chains: readonly StampedChain[], count: number, dataBytes: number): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    for (const chain of round % 2 === 0 ? chains : chains.toReversed()) await chain.stamp(count, dataBytes);
  }
}
