import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { digestOf } from "../../src/core/digest.ts";
import { Mempool, maxDataBytes } from "../../src/vm/mempool.ts";
import { bytesOf } from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";

const none = new Set<never>();
const add = (mempool: Mempool, text: string) => mempool.add(bytesOf(text), 1n);

function firstOf(mempool: Mempool, ...carried: readonly string[]): string | undefined {
  const first = mempool.first(new Set(carried.map((text) => digestOf(bytesOf(text)))));
  return first && new TextDecoder().decode(first.data);
}

describe("the mempool", () => {
  test("is first come, first served", () => {
    const mempool = new Mempool({ maxItems: 9, maxBytes: 99 });
    for (const text of ["b", "a", "c"]) expect(add(mempool, text)).toBeTrue();
    expect(firstOf(mempool)).toBe("b");
    expect(firstOf(mempool), "looking takes nothing").toBe("b");
    mempool.remove(digestOf(bytesOf("b")));
    expect(firstOf(mempool)).toBe("a");
  });

  test("passes over what is carried already, in any order", () => {
    const mempool = new Mempool({ maxItems: 9, maxBytes: 99 });
    for (const text of ["a", "b", "c"]) add(mempool, text);
    expect(firstOf(mempool, "a")).toBe("b");
    expect(firstOf(mempool, "b", "a", "x")).toBe("c");
    expect(firstOf(mempool, "a", "b", "c")).toBeUndefined();
  });

  test("keeps the same data once, at its first place", () => {
    const mempool = new Mempool({ maxItems: 9, maxBytes: 99 });
    for (const text of ["a", "b"]) add(mempool, text);
    expect(add(mempool, "a")).toBeFalse();
    expect(mempool).toMatchObject({ items: 2, bytes: 2 });
    expect(firstOf(mempool)).toBe("a");
  });

  test("takes empty data", () => {
    const mempool = new Mempool({ maxItems: 9, maxBytes: 99 });
    expect(add(mempool, "")).toBeTrue();
    expect(mempool.first(none)?.data).toEqual(new Uint8Array());
  });

  test("knows its oldest and when it came", () => {
    const mempool = new Mempool({ maxItems: 9, maxBytes: 99 });
    expect(mempool.oldest).toBeUndefined();
    mempool.add(bytesOf("a"), 5n);
    mempool.add(bytesOf("b"), 9n);
    expect(mempool.oldest).toMatchObject({ since: 5n, data: bytesOf("a") });
  });

  test("removes what is not there without harm", () => {
    const mempool = new Mempool({ maxItems: 9, maxBytes: 99 });
    add(mempool, "a");
    mempool.remove(digestOf(bytesOf("x")));
    mempool.remove(digestOf(bytesOf("a")));
    mempool.remove(digestOf(bytesOf("a")));
    expect(mempool).toMatchObject({ items: 0, bytes: 0 });
  });
});

describe("its bounds", () => {
  test("in items: the last that fits, the first that does not", () => {
    const mempool = new Mempool({ maxItems: 2, maxBytes: 99 });
    expect([add(mempool, "a"), add(mempool, "bc")]).toEqual([true, true]);
    expect(refusalOf(() => add(mempool, "d"))).toEqual({ code: "mempool full", items: 2, bytes: 3 });
    expect(add(mempool, "a"), "what waits is no new item").toBeFalse();
    mempool.remove(digestOf(bytesOf("a")));
    expect(add(mempool, "d")).toBeTrue();
  });

  test("in bytes: the last that fits, the first that does not", () => {
    const mempool = new Mempool({ maxItems: 99, maxBytes: 10 });
    add(mempool, "123456");
    expect(refusalOf(() => add(mempool, "abcde"))).toEqual({ code: "mempool full", items: 1, bytes: 6 });
    expect(add(mempool, "abcd")).toBeTrue();
    expect(refusalOf(() => add(mempool, "x"))?.code).toBe("mempool full");
    expect(add(mempool, ""), "nothing still fits").toBeTrue();
  });

  test("of one proposal: a million bytes, not one more", () => {
    const mempool = new Mempool({ maxItems: 9, maxBytes: 4 * maxDataBytes });
    expect(maxDataBytes).toBe(1_000_000);
    expect(mempool.add(new Uint8Array(maxDataBytes), 1n)).toBeTrue();
    expect(refusalOf(() => mempool.add(new Uint8Array(maxDataBytes + 1), 1n))).toEqual({
      code: "data too large",
      bytes: 1_000_001,
      maxBytes: 1_000_000,
    });
    expect(mempool).toMatchObject({ items: 1, bytes: maxDataBytes });
  });

  test("of a share: half of the items and half of the bytes", () => {
    const mempool = new Mempool({ maxItems: 4, maxBytes: 10 });
    expect([mempool.hasRoom(5, 0.5), mempool.hasRoom(6, 0.5)]).toEqual([true, false]);
    add(mempool, "a");
    expect([mempool.hasRoom(4, 0.5), mempool.hasRoom(5, 0.5)]).toEqual([true, false]);
    add(mempool, "b");
    expect([mempool.hasRoom(0, 0.5), mempool.hasRoom(8, 1)]).toEqual([false, true]);
  });
});

test("whatever comes and goes, it counts right and stays within its bounds", () => {
  const limits = { maxItems: 5, maxBytes: 40 };
  const text = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b") });
  fc.assert(
    fc.property(fc.array(fc.record({ text, removes: fc.boolean() }), { maxLength: 60 }), (steps) => {
      const mempool = new Mempool(limits);
      const model = new Map<string, number>();
      for (const { text, removes } of steps) {
        if (removes) {
          mempool.remove(digestOf(bytesOf(text)));
          model.delete(text);
        } else if (refusalOf(() => add(mempool, text)) === undefined && !model.has(text)) model.set(text, text.length);
        const bytes = [...model.values()].reduce((sum, length) => sum + length, 0);
        expect([mempool.items, mempool.bytes, firstOf(mempool)]).toEqual([model.size, bytes, [...model.keys()][0]]);
        expect(mempool.items <= limits.maxItems && mempool.bytes <= limits.maxBytes).toBeTrue();
      }
    }),
  );
});
