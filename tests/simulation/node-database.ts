import type { Id } from "../../src/avalanche/id.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";

/** What stands in the node's own database. */
export interface NodeRecord {
  /** The VM's block in each block that proposervm has accepted, height 1 first. */
  readonly accepted: readonly Id[];
  readonly marker: HeadMarker | undefined;
}

const empty: NodeRecord = { accepted: [], marker: undefined };

/** The node's own database: a log that is not synced. A power cut takes its end, never something out of its middle. */
export class NodeDatabase {
  #records: NodeRecord[] = [empty];
  #atStart = 1;

  get record(): NodeRecord {
    return this.#records.at(-1) ?? empty;
  }

  /** proposervm accepts a block, before the VM does. */
  accept(height: bigint, id: Id): void {
    this.#write({ ...this.record, accepted: [...this.record.accepted.slice(0, Number(height) - 1), id] });
  }

  /** proposervm follows a VM that is behind. */
  rollBack(height: bigint): void {
    this.#write({ ...this.record, accepted: this.record.accepted.slice(0, Number(height)) });
  }

  putMarker(marker: HeadMarker): void {
    this.#write({ ...this.record, marker });
  }

  /** What was written so far is old enough to be on the disk. */
  markStart(): void {
    this.#atStart = this.#records.length;
  }

  /** How many writes a power cut may take. */
  get unsynced(): number {
    return this.#records.length - this.#atStart;
  }

  /** All but the first, with which the chain was made. */
  get all(): number {
    return Math.max(0, this.#records.length - 2);
  }

  loseEnd(writes: number): void {
    this.#records = this.#records.slice(0, this.#records.length - writes);
    this.#atStart = Math.min(this.#atStart, this.#records.length);
  }

  wipe(): void {
    this.#records = [empty];
    this.#atStart = 1;
  }

  #write(record: NodeRecord): void {
    this.#records.push(record);
  }
}
