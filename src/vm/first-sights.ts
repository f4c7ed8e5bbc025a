import type { Id } from "../avalanche/id.ts";
import type { NodeId } from "../avalanche/node-id.ts";
import type { FirstSight } from "../core/time-claim.ts";
import type { Clock } from "./clock.ts";
import type { VmOptions } from "./options.ts";
import type { FirstSightStatus } from "./status.ts";

/** Milliseconds by which the wall clock may drift from the monotonic one between two looks. More means: it was set. */
export const maxDriftMs = 1_000;

/** Milliseconds without first sights after the clock was set: it may be set again, until it is right. */
export const pauseMs = 600_000;

/**
 * Notes when this node first sees blocks. A time too late only says less, but one too early is a lie. So no sight is
 * noted while the clock cannot be trusted: for some time after it was set, and while it says less than before.
 */
export class FirstSights {
  readonly #clock: Clock;
  readonly #node: NodeId;
  readonly #onClockSet: (jumpMs: number) => void;
  readonly #forget: (id: Id) => void;
  /** The wall clock minus the monotonic one, at the last look. */
  #aheadMs: number;
  /** The blocks whose sights were noted since the last second in which the clock was good. */
  #recent: Id[] = [];
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** The greatest time that was noted since the start. */
  #latestMs: bigint | undefined;
  #clockSets = 0;

  /** `forget` is called with a block whose sight turns out to be doubtful, while that is not stored. */
  constructor({ clock, nodeId, onClockSet = () => {} }: VmOptions, forget: (id: Id) => void) {
    this.#clock = clock;
    this.#node = nodeId;
    this.#onClockSet = onClockSet;
    this.#forget = forget;
    this.#aheadMs = this.#readAheadMs();
  }

  get status(): FirstSightStatus {
    return { clockSets: this.#clockSets, pausedSeconds: Math.ceil(this.#restMs / 1_000) };
  }

  /** The sight of a block that is seen now; undefined if the clock cannot be trusted. */
  note(id: Id): FirstSight | undefined {
    this.look();
    if (this.#restMs > 0) return undefined;
    const ms = this.#clock.nowMs();
    this.#latestMs = ms;
    this.#recent.push(id);
    return { ms, node: this.#node, isImported: false };
  }

  /** Call it once a second. */
  tick(): void {
    this.look();
    this.#recent = [];
  }

  /** Looks whether the clock was set, or the machine slept. Call it before a sight is stored. */
  look(): void {
    const aheadMs = this.#readAheadMs();
    const jumpMs = aheadMs - this.#aheadMs;
    this.#aheadMs = aheadMs;
    if (Math.abs(jumpMs) <= maxDriftMs) return;
    for (const id of this.#recent) this.#forget(id);
    this.#recent = [];
    this.#pausedUntilMs = this.#clock.elapsedMs() + pauseMs;
    this.#clockSets++;
    this.#onClockSet(jumpMs);
  }

  /** Milliseconds until sights are noted again, if the clock is not set meanwhile; 0 if they are noted now. */
  get #restMs(): number {
    const pausedMs = this.#pausedUntilMs - this.#clock.elapsedMs();
    const behindMs = this.#latestMs === undefined ? 0 : Number(this.#latestMs - this.#clock.nowMs());
    return Math.max(0, pausedMs, behindMs);
  }

  #readAheadMs(): number {
    return Number(this.#clock.nowMs()) - this.#clock.elapsedMs();
  }
}

/** Gives what warns by how many milliseconds the clock jumped, since it was set or the machine slept. */
export function warnOfClockJumps(log: Warnings): (jumpMs: number) => void {
  return (jumpMs) => log.warn("the clock was set, or the machine slept", { jumpMs });
}

/** Where warnings go: a `Log`. */
interface Warnings {
  warn(event: string, fields: { readonly jumpMs: number }): void;
}
