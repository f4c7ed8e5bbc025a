import { textOf } from "../avalanche/coded-error.ts";
import type { Log } from "../log.ts";
import type { Carrier } from "../proof/file-proofs.ts";
import { Unavailable } from "./errors.ts";
import type { StampRoot } from "./stamp-root.ts";
import { DigestTree, type Waiting } from "./tree.ts";

/** How digests wait for each other. */
export interface AggregatorLimits {
  /** Digests of one tree. */
  readonly maxTreeDigests: number;
  /** Digests that are not answered, in all trees. */
  readonly maxDigests: number;
  /** Milliseconds that the digests of a tree wait together for others while no root is under way. */
  readonly maxQuietMs: number;
  /** Milliseconds that a tree waits for the root under way. */
  readonly maxBehindMs: number;
  /** Milliseconds from a tree's first digest to its answers. Stock clients give up after 5 s. */
  readonly maxAnswerMs: number;
}

export const aggregatorLimits: AggregatorLimits = {
  maxTreeDigests: 10_000,
  maxDigests: 40_000,
  maxQuietMs: 250,
  maxBehindMs: 1_000,
  maxAnswerMs: 3_500,
};

export interface AggregatorOptions {
  readonly stampRoot: StampRoot;
  /** Where clients can ask later; undefined for nowhere. */
  readonly uri: string | undefined;
  readonly log: Log;
  readonly limits: AggregatorLimits;
}

/** What became of the digests and roots since the start. */
export interface Counts {
  readonly digests: number;
  readonly trees: number;
  /** Digests that were answered without a block. */
  readonly late: number;
  /** Digests that were refused. */
  readonly refused: number;
}

/** The newest root that is in a block. */
export interface Tip {
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly carrier: Carrier;
}

/** A tree that still grows. */
interface OpenTree {
  readonly waiting: Waiting[];
  readonly firstMs: number;
  /** Of all its digests, the times at which they came. */
  sumMs: number;
}

/**
 * Stamps many digests by one root. While a root is under way, the next tree grows, and is closed when that root is
 * done. While none is under way, a tree waits for company: one digest waits longest, and many hardly at all, so that
 * clients who wait for their answers before they send more do not wait for each other.
 */
export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #counts = { digests: 0, trees: 0, late: 0, refused: 0 };
  #open: OpenTree | undefined;
  #timer: Timer | undefined;
  #waiting = 0;
  #tip: Tip | undefined;
  #isClosed = false;
  /** Whether the node did not take the last root. */
  #isFailing = false;

  constructor(options: AggregatorOptions) {
    this.#options = options;
  }

  get counts(): Counts {
    return this.#counts;
  }

  /** Digests that are not answered. */
  get waiting(): number {
    return this.#waiting;
  }

  get tip(): Tip | undefined {
    return this.#tip;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Gives what is known of a digest of 32 bytes, as clients take it. Rejects with `Unavailable`. */
  stamp(digest: Uint8Array): Promise<Uint8Array> {
    const { maxDigests, maxTreeDigests } = this.#options.limits;
    if (this.#isClosed) return this.#refuse("shut down");
    if (this.#waiting >= maxDigests) return this.#refuse("too many waiting");
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const nowMs = performance.now();
    this.#open ??= { waiting: [], firstMs: nowMs, sumMs: 0 };
    this.#open.waiting.push({ digest, answer: resolve, refuse: reject });
    this.#open.sumMs += nowMs;
    this.#waiting++;
    if (this.#open.waiting.length >= maxTreeDigests) this.#closeTree();
    else this.#arm(nowMs);
    return promise;
  }

  /** Refuses new digests. Resolves when those that wait are answered or refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closeTree();
    await Promise.all(this.#underWay);
  }

  #refuse(code: "shut down" | "too many waiting"): Promise<never> {
    this.#counts.refused++;
    return Promise.reject(new Unavailable(code));
  }

  /** Sets the time at which the open tree is closed. */
  #arm(nowMs: number): void {
    if (this.#open === undefined) return;
    const { waiting, firstMs, sumMs } = this.#open;
    const { maxQuietMs, maxBehindMs } = this.#options.limits;
    const isQuiet = this.#underWay.size === 0;
    const dueMs = isQuiet ? (maxQuietMs + sumMs) / waiting.length : firstMs + maxBehindMs;
    if (!isQuiet && waiting.length > 1) return; // it is set
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#closeTree(), Math.max(0, dueMs - nowMs));
  }

  #closeTree(): void {
    const tree = this.#open;
    clearTimeout(this.#timer);
    this.#open = undefined;
    if (tree === undefined) return;
    const done = this.#finish(tree).finally(() => {
      this.#underWay.delete(done);
      this.#waiting -= tree.waiting.length;
      this.#closeTree();
    });
    this.#underWay.add(done);
  }

  /** Never rejects. */
  async #finish({ waiting, firstMs }: OpenTree): Promise<void> {
    const { stampRoot, uri, limits } = this.#options;
    try {
      const tree = new DigestTree(waiting);
      const carriers = await stampRoot(tree.root, firstMs + limits.maxAnswerMs);
      const [carrier] = carriers;
      if (carrier === undefined && uri === undefined) throw new Unavailable("no block in time");
      if (carrier === undefined) this.#counts.late += waiting.length;
      else this.#tip = { root: tree.root, carrier };
      tree.answer(carriers, uri);
      this.#noteFailing(false);
      this.#counts.trees++;
      this.#counts.digests += waiting.length;
    } catch (error) {
      const refusal = error instanceof Unavailable ? error : new Unavailable("no node");
      if (refusal !== error) this.#noteFailing(true, textOf(error));
      this.#counts.refused += waiting.length;
      for (const { refuse } of waiting) refuse(refusal);
    }
  }
  /** Logs only what changes: there may be hundreds of roots a second. */
  #noteFailing(isFailing: boolean, error?: string): void {
    if (isFailing && !this.#isFailing) this.#options.log.warn("the node does not stamp", { error });
    if (!isFailing && this.#isFailing) this.#options.log.warn("the node stamps again");
    this.#isFailing = isFailing;
  }
}
