import { expect, test } from "bun:test";
import { maxTurnMs, Turns } from "../../src/api/turns.ts";
import type { Asker } from "../../src/vm/caller.ts";
import { senderOf, slowTurns } from "../support/caller.ts";
import { countTurns } from "../support/turns.ts";

const never = new AbortController().signal;
const named = (name: string, signal = never): Asker => senderOf(signal, name);
const someone = named("someone");

test("who comes first is served at once, and so are those behind him while there is time", () => {
  let ms = 0;
  const turns = new Turns(() => ms);
  expect(turns.run(someone, () => "first")).toBe("first");
  ms += maxTurnMs - 1;
  expect(turns.run(someone, () => "second")).toBe("second");
  ms += 1;
  expect(turns.run(someone, () => "third")).toBeInstanceOf(Promise);
  expect(turns.run(someone, () => "fourth")).toBeInstanceOf(Promise); // the third is before him
});

test("work that takes long has each piece in a turn of its own", async () => {
  const turns = slowTurns();
  const counted = await countTurns(() =>
    Promise.resolve(
      turns.run(someone, async (caller) => {
        for (let i = 0; i < 50; i++) await caller.pause();
      }),
    ),
  );
  expect(counted).toBeGreaterThanOrEqual(49);
});

test("short pieces share a turn: a thousand calls take no thousand rounds of the event loop", async () => {
  const turns = new Turns(() => 0);
  const counted = await countTurns(() =>
    Promise.all(Array.from({ length: 1_000 }, () => turns.run(someone, (caller) => caller.pause()))),
  );
  expect(counted).toBeLessThan(10);
});

test("callers go round, each in his own order: whoever has much to ask waits for himself", async () => {
  const turns = slowTurns();
  const order: string[] = [];
  const ask = (name: string, what: string) => turns.run(named(name), () => order.push(what));
  const greedy = Array.from({ length: 5 }, (_, i) => ask("greedy", `greedy ${i}`));
  const others = [ask("a", "a 0"), ask("b", "b 0"), ask("a", "a 1")];
  await Promise.all([...greedy, ...others]);
  expect(order).toEqual(["greedy 0", "a 0", "b 0", "greedy 1", "a 1", "greedy 2", "greedy 3", "greedy 4"]);
});

test("long work of one caller lets others between its pieces", async () => {
  const turns = slowTurns();
  const order: string[] = [];
  const long = turns.run(named("long"), async (caller) => {
    for (let i = 0; i < 3; i++) {
      order.push(`piece ${i}`);
      await caller.pause();
    }
  });
  await Promise.all([long, turns.run(named("short"), () => order.push("short"))]);
  expect(order).toEqual(["piece 0", "short", "piece 1", "piece 2"]);
});

test("long work comes one by one, those who wait for it go round, and short work comes between", async () => {
  const turns = slowTurns();
  const order: string[] = [];
  let underWay = 0;
  const long = (name: string, what: string, signal = never) =>
    turns.doLong(named(name, signal), signal, async () => {
      underWay++;
      for (let i = 0; i < 3; i++) {
        expect(underWay).toBe(1);
        await turns.pause(named(name), never);
      }
      underWay--;
      order.push(what);
    });
  const leaving = AbortSignal.abort(new Error("gone"));
  const left = long("a", "never", leaving).catch((error: Error) => order.push(error.message));
  const all = [long("a", "a 0"), long("a", "a 1"), long("b", "b 0"), left];
  const failed = turns
    .doLong(named("c"), never, () => Promise.reject(new Error("bug")))
    .catch((e: Error) => order.push(e.message));
  await turns.run(named("short"), () => order.push("short"));
  await Promise.all([...all, failed]);
  expect(order).toEqual(["gone", "short", "a 0", "b 0", "bug", "a 1"]);
});

test("who is gone when his turn comes has none, and holds up nobody", async () => {
  const turns = slowTurns();
  const leaving = new AbortController();
  const done: string[] = [];
  turns.run(someone, () => done.push("first"));
  const left = [
    turns.run(named("leaving", leaving.signal), () => done.push("never")),
    turns.pause(named("leaving", leaving.signal), leaving.signal),
  ];
  const behind = turns.run(someone, () => done.push("behind"));
  leaving.abort(new Error("gone"));
  for (const work of left) await expect(Promise.resolve(work)).rejects.toThrow("gone");
  await behind;
  expect(done).toEqual(["first", "behind"]);
});

test("work that throws is an error of its own caller, at once and later", async () => {
  const turns = slowTurns();
  const fail = () => {
    throw new Error("bug");
  };
  expect(() => turns.run(someone, fail)).toThrow("bug");
  await expect(Promise.resolve(turns.run(someone, fail))).rejects.toThrow("bug");
  expect(await turns.run(someone, () => "well")).toBe("well");
});
