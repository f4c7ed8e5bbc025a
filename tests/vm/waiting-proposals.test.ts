import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { type Digest, digestOf } from "../../src/core/digest.ts";
import { maxDataBytes } from "../../src/core/proposal.ts";
import { type OwnedProposal, ownedBy } from "../../src/vm/mempool/turns.ts";
import { gossipShare, type MempoolLimits, WaitingProposals } from "../../src/vm/mempool/waiting-proposals.ts";
import { bytesOf, peer } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";

const digest = (name: string) => digestOf(bytesOf(name));
const otherPeer = nodeIdFromBytes(new Uint8Array(20).fill(8));

/**
 * A proposal that is known by its name, which is its data unless it says how many bytes it has; of a peer, of one client,
 * or else of a client that has no other.
 */
function proposal(
  name: string,
  { from = undefined as NodeId | undefined, caller = undefined as string | undefined, bytes = name.length } = {},
): OwnedProposal {
  return ownedBy({ digest: digest(name), bytes, since: 1n, peer: from }, caller);
}

function start(limits: Partial<MempoolLimits>, ...names: readonly string[]): WaitingProposals {
  const waiting = new WaitingProposals({ maxItems: 99, maxBytes: 99, ...limits }, []);
  for (const name of names) waiting.add(proposal(name));
  return waiting;
}

function firstOf(waiting: WaitingProposals, ...carried: readonly string[]): Digest | undefined {
  return waiting.next(1n, new Set(carried.map(digest)))?.digest;
}

describe("waiting proposals", () => {
  test("are taken from the file even if they exceed the limits", () => {
    const stored = ["a", "b", "c"].map((name) => proposal(name, { from: peer }));
    const waiting = new WaitingProposals({ maxItems: 1, maxBytes: 1 }, stored);
    expect(waiting).toMatchObject({ items: 3, bytes: 3 });
    expect(firstOf(waiting)).toBe(digest("a"));
    expect(refusalOf(() => waiting.add(proposal("d")))).toEqual({ code: "mempool full", items: 3, bytes: 3 });
  });

  test("have an oldest", () => {
    expect(start({}).oldest).toBeUndefined();
    expect(start({}, "a", "b").oldest).toEqual(proposal("a"));
  });
});

describe("their limits", () => {
  test("in items: the last that fits, the first that does not", () => {
    const waiting = start({ maxItems: 2 }, "a", "bc");
    expect(refusalOf(() => waiting.add(proposal("d")))).toEqual({ code: "mempool full", items: 2, bytes: 3 });
    expect(
      refusalOf(() => waiting.add(proposal("a"))),
      "what waits is no new item",
    ).toBeUndefined();
    waiting.remove(digest("a"));
    waiting.add(proposal("d"));
    expect(waiting.items).toBe(2);
  });

  test("in bytes: the last that fits, the first that does not", () => {
    const waiting = start({ maxBytes: 10 }, "123456");
    expect(refusalOf(() => waiting.add(proposal("abcde")))).toEqual({ code: "mempool full", items: 1, bytes: 6 });
    waiting.add(proposal("abcd"));
    expect(refusalOf(() => waiting.add(proposal("x")))?.code).toBe("mempool full");
    expect(
      refusalOf(() => waiting.add(proposal(""))),
      "nothing still fits",
    ).toBeUndefined();
  });

  test("of one proposal: a million bytes, not one more", () => {
    const waiting = start({ maxBytes: 4 * maxDataBytes });
    expect(maxDataBytes).toBe(1_000_000);
    waiting.add(proposal("a", { bytes: maxDataBytes }));
    expect(refusalOf(() => waiting.add(proposal("b", { bytes: maxDataBytes + 1 })))).toEqual({
      code: "data too large",
      bytes: 1_000_001,
      maxBytes: 1_000_000,
    });
    expect(waiting).toMatchObject({ items: 1, bytes: maxDataBytes });
  });

  /** How many of the same kind fit, one after the other. */
  function countFitting(waiting: WaitingProposals, from: NodeId | undefined, bytes = 1): number {
    for (let i = 0; ; i++) {
      if (refusalOf(() => waiting.add(proposal(`${from} ${i}`, { from, bytes }))) !== undefined) return i;
    }
  }

  test("of one peer: a quarter, in items and in bytes", () => {
    expect(countFitting(start({ maxItems: 40 }), peer)).toBe(10);
    expect(countFitting(start({ maxBytes: 400 }), peer, 10)).toBe(10);
  });

  test("of all gossip: up to half, and the rest is for clients", () => {
    expect(gossipShare).toBe(0.5);
    const waiting = start({ maxItems: 40 });
    const peers = [1, 2, 3, 4, 5, 6, 7].map((n) => nodeIdFromBytes(new Uint8Array(20).fill(n)));
    const counts = peers.map((from) => countFitting(waiting, from));
    expect(counts, "each half of what is left").toEqual([10, 5, 2, 1, 1, 1, 0]);
    expect(countFitting(waiting, undefined)).toBe(20);
  });

  test("of gossip, if clients have filled more: what is left", () => {
    const waiting = start({ maxItems: 4 }, "a", "b", "c");
    expect([peer, otherPeer].map((from) => countFitting(waiting, from))).toEqual([1, 0]);
    const byBytes = start({ maxBytes: 40 }, "a".repeat(20), "b".repeat(15));
    expect([countFitting(byBytes, peer, 6), countFitting(byBytes, peer, 5)]).toEqual([0, 1]);
  });

  /** How many of one caller fit, and then of others, one after the other. */
  function countOfCallers(limits: Partial<MempoolLimits>, ...callers: readonly string[]): number[] {
    const waiting = start({ ...limits });
    return callers.map((caller) => {
      for (let i = 0; ; i++) {
        const isRefused = refusalOf(() => waiting.add(proposal(`${caller} ${i}`, { caller, bytes: 10 }))) !== undefined;
        if (isRefused) return i;
      }
    });
  }

  test("of one caller: half of all; of each further one: half of what is left, in items and in bytes", () => {
    expect(countOfCallers({ maxItems: 80, maxBytes: 9_999 }, "a", "b", "c", "d")).toEqual([40, 20, 10, 5]);
    expect(countOfCallers({ maxItems: 999, maxBytes: 800 }, "a", "b", "c", "d")).toEqual([40, 20, 10, 5]);
  });

  test("of a caller who has nothing there: all the room that is left", () => {
    expect(countOfCallers({ maxItems: 1 }, "a", "b")).toEqual([1, 0]);
    expect(countOfCallers({ maxBytes: 10 }, "a", "b")).toEqual([1, 0]);
    const waiting = start({ maxBytes: maxDataBytes });
    waiting.add(proposal("largest", { caller: "a", bytes: maxDataBytes }));
    expect(waiting.items, "the smallest mempool takes the largest proposal").toBe(1);
  });

  test("count what a caller took over from a peer, and not what is removed", () => {
    const waiting = start({ maxItems: 16 });
    for (const name of ["a", "b"]) waiting.add(proposal(name, { from: peer }));
    for (const name of ["a", "b"]) waiting.add(proposal(name, { caller: "client" }));
    const fill = (name: string) => refusalOf(() => waiting.add(proposal(name, { caller: "client" }))) === undefined;
    expect(["c", "d", "e", "f", "g", "h", "i"].filter(fill)).toEqual(["c", "d", "e", "f", "g", "h"]);
    waiting.remove(digest("a"));
    expect(["i", "j"].filter(fill)).toEqual(["i"]);
  });

  test("count what was there at the start for nobody", () => {
    const stored = ["a", "b", "c", "d"].map((name) => proposal(name));
    const waiting = new WaitingProposals({ maxItems: 12, maxBytes: 99 }, stored);
    const names = ["1", "2", "3", "4", "5"];
    const taken = names.filter((name) => refusalOf(() => waiting.add(proposal(name, { caller: "a" }))) === undefined);
    expect(taken, "half of the eight places that were left").toEqual(["1", "2", "3", "4"]);
  });

  test("do not count what a peer does not have any more", () => {
    const waiting = start({ maxItems: 8 });
    waiting.add(proposal("a", { from: peer }));
    waiting.add(proposal("b", { from: peer }));
    waiting.remove(digest("a"));
    waiting.add(proposal("b"));
    expect(countFitting(waiting, peer)).toBe(2);
  });
});

describe("after any sequence of changes, the table", () => {
  interface Owner {
    readonly from?: NodeId;
    readonly caller?: string;
  }

  const limits = { maxItems: 7, maxBytes: 40 };
  const steps = fc.array(
    fc.record({
      name: fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b") }),
      owner: fc.constantFrom<Owner>({ caller: "x" }, { caller: "y" }, { from: peer }, { from: otherPeer }),
      removes: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  const bytesOfAll = (names: readonly string[]) => names.reduce((sum, name) => sum + name.length, 0);

  test("counts right and stays within its bounds", () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const waiting = new WaitingProposals(limits, []);
        const model = new Map<string, Owner>();
        for (const { name, owner, removes } of steps) {
          if (removes) {
            waiting.remove(digest(name));
            model.delete(name);
          } else if (refusalOf(() => waiting.add(proposal(name, owner))) === undefined) model.set(name, owner);
          const order = [...model].map(([key, owner]) => proposal(key, owner));
          const bytes = bytesOfAll([...model.keys()]);
          expect([waiting.items, waiting.bytes, [...waiting.all()]]).toEqual([model.size, bytes, order]);
          expect(waiting.items <= limits.maxItems && waiting.bytes <= limits.maxBytes).toBeTrue();
        }
      }),
    );
  });

  test("leaves as much free as a caller holds after each of its proposals but the first", () => {
    const addFairly = (waiting: WaitingProposals, next: OwnedProposal) => {
      const held = [...waiting.all()].filter(({ caller }) => caller !== undefined && caller === next.caller);
      const heldBytes = held.reduce((sum, { bytes }) => sum + bytes, 0);
      const before = waiting.items;
      const isTaken = refusalOf(() => waiting.add(next)) === undefined;
      if (!isTaken || waiting.items === before || held.length === 0) return;
      expect(held.length + 1).toBeLessThanOrEqual(limits.maxItems - waiting.items);
      if (heldBytes > 0) expect(heldBytes + next.bytes).toBeLessThanOrEqual(limits.maxBytes - waiting.bytes);
    };
    fc.assert(
      fc.property(steps, (steps) => {
        const waiting = new WaitingProposals(limits, []);
        for (const { name, owner, removes } of steps) {
          if (removes) waiting.remove(digest(name));
          else addFairly(waiting, proposal(name, owner));
        }
      }),
    );
  });
});
