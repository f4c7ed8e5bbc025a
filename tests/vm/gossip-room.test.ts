import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { GossipRoom } from "../../src/vm/mempool/gossip-room.ts";
import { Stakes } from "../../src/vm/stakes.ts";
import { runs } from "../support/runs.ts";

const numRuns = runs(200, 10_000);
const nodeOf = (n: number): NodeId => nodeIdFromBytes(new Uint8Array(20).fill(n));

function roomWith(weights: readonly bigint[], max = { items: 80, bytes: 8_000 }): GossipRoom {
  const room = new GossipRoom(max);
  room.setStakes(new Stakes(new Map(weights.map((weight, n) => [nodeOf(n), weight]))));
  return room;
}

/** Fills the room as far as a peer may; gives how many items that are. */
function fill(room: GossipRoom, peer: NodeId, bytes = 1): number {
  for (let items = 0; ; items++) {
    if (!room.isRoomFor(bytes, peer)) return items;
    room.add(peer, 1, bytes);
  }
}

const strangers = (count: number) => Array.from({ length: count }, (_, n) => nodeOf(255 - n));

describe("room", () => {
  test("of a validator is its part of three quarters, in items and in bytes, whatever others hold", () => {
    for (const bytes of [1, 100]) {
      const room = roomWith([1n, 2n, 3n]);
      for (const stranger of strangers(100)) fill(room, stranger, bytes);
      expect([0, 1, 2].map((n) => fill(room, nodeOf(n), bytes))).toEqual([10, 20, 30]);
    }
  });

  test("of strangers is a quarter, for any number of them, even if validators hold little", () => {
    for (const count of [1, 2, 5, 100]) {
      const room = roomWith([1n]);
      const held = strangers(count).map((stranger) => fill(room, stranger));
      expect(held[0]).toBe(10);
      expect(held.reduce((sum, items) => sum + items)).toBe({ 1: 10, 2: 15, 5: 19 }[count] ?? 20);
    }
  });

  test("of a validator beyond its own is a fair share of that quarter", () => {
    const room = roomWith([1n, 2n, 3n]);
    expect(fill(room, nodeOf(0))).toBe(10 + 10);
    expect(fill(room, nodeOf(255))).toBe(5);
    expect(fill(room, nodeOf(1))).toBe(20 + 2);
  });

  test("for data that is larger than a validator's own room is in the quarter as well", () => {
    const room = roomWith([1n, 99n]);
    expect(room.isRoomFor(2_000, nodeOf(0))).toBeTrue();
    room.add(nodeOf(0), 1, 2_000);
    expect(room.isRoomFor(100, nodeOf(0))).toBeFalse();
  });

  test("is divided by node id alone if nobody validates", () => {
    const room = roomWith([]);
    expect([1, 2, 3].map((n) => fill(room, nodeOf(n)))).toEqual([40, 20, 10]);
  });

  test("is not lost by a change of stake: a former validator keeps what it holds, and others still get theirs", () => {
    const room = roomWith([1n, 1n]);
    expect(fill(room, nodeOf(0))).toBe(30 + 10);
    room.setStakes(
      new Stakes(
        new Map([
          [nodeOf(1), 1n],
          [nodeOf(2), 1n],
        ]),
      ),
    );
    expect(fill(room, nodeOf(255)), "the quarter is more than full").toBe(0);
    expect([nodeOf(1), nodeOf(2)].map((peer) => fill(room, peer))).toEqual([30, 30]);
    room.add(nodeOf(0), -40, -40);
    expect(fill(room, nodeOf(255))).toBe(10);
  });
});

const max = { items: 16, bytes: 160 };
const weights = fc.array(fc.bigInt(0n, 4n), { maxLength: 5 });
const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), peer: fc.nat(6), bytes: fc.nat(30) }),
  fc.record({ kind: fc.constant("remove" as const), peer: fc.nat(6) }),
  fc.record({ kind: fc.constant("stake" as const), weights }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A room, and by hand what is in it: of each peer the bytes of its items. */
class Held {
  readonly #room = new GossipRoom(max);
  readonly #bytesByPeer: number[][] = Array.from({ length: 7 }, () => []);
  #weights: readonly bigint[] = [];

  run(step: Step): void {
    if (step.kind === "add") return this.#add(step.peer, step.bytes);
    if (step.kind === "remove") {
      const bytes = this.#bytesByPeer[step.peer]?.pop();
      if (bytes !== undefined) this.#room.add(nodeOf(step.peer), -1, -bytes);
      return;
    }
    this.#weights = step.weights;
    this.#room.setStakes(new Stakes(new Map(step.weights.map((weight, n) => [nodeOf(n), weight]))));
  }

  #add(peer: number, bytes: number): void {
    const held = this.#bytesByPeer[peer] ?? [];
    const before = this.#beyond();
    const isRoom = this.#room.isRoomFor(bytes, nodeOf(peer));
    const isOwn = held.length + 1 <= this.#ownItems(peer) && sum(held) + bytes <= this.#ownBytes(peer);
    if (isOwn) expect(isRoom).toBeTrue();
    if (!isRoom) return;
    this.#room.add(nodeOf(peer), 1, bytes);
    held.push(bytes);
    const common = this.#total === 0n ? 1 : 1 / 4;
    const after = this.#beyond();
    if (after.items > before.items) expect(after.items).toBeLessThanOrEqual(max.items * common);
    if (after.bytes > before.bytes) expect(after.bytes).toBeLessThanOrEqual(max.bytes * common);
  }

  #beyond() {
    return {
      items: sum(this.#bytesByPeer.map((held, peer) => Math.max(0, held.length - this.#ownItems(peer)))),
      bytes: sum(this.#bytesByPeer.map((held, peer) => Math.max(0, sum(held) - this.#ownBytes(peer)))),
    };
  }

  #ownItems(peer: number): number {
    return this.#total === 0n ? 0 : Number((12n * (this.#weights[peer] ?? 0n)) / this.#total);
  }

  #ownBytes(peer: number): number {
    return this.#total === 0n ? 0 : Number((120n * (this.#weights[peer] ?? 0n)) / this.#total);
  }

  get #total(): bigint {
    return this.#weights.reduce((total, weight) => total + weight, 0n);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, next) => total + next, 0);
}

test("through any history of stakes, each validator gets all of its own, and others no more than a quarter", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const held = new Held();
      for (const next of steps) held.run(next);
    }),
    { numRuns },
  );
});
