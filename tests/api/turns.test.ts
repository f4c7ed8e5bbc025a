import { expect, test } from "bun:test";
import { ownTurn } from "../../src/api/turns.ts";
import { countTurns } from "../support/turns.ts";

test("each who asks has a turn of the event loop, in the order of asking", async () => {
  const order: number[] = [];
  const turns = await countTurns(async () => {
    await Promise.all(Array.from({ length: 50 }, (_, i) => ownTurn().then(() => order.push(i))));
  });
  expect(order).toEqual([...Array(50).keys()]);
  expect(turns).toBeGreaterThanOrEqual(49);
});

test("who asks in his turn comes last", async () => {
  const order: string[] = [];
  const first = ownTurn()
    .then(() => order.push("first"))
    .then(() => ownTurn())
    .then(() => order.push("first again"));
  await Promise.all([first, ownTurn().then(() => order.push("second"))]);
  expect(order).toEqual(["first", "second", "first again"]);
});

test("who is gone when his turn comes has none, and holds up nobody", async () => {
  const leaving = new AbortController();
  const reason = new Error("gone");
  const left = ownTurn(leaving.signal).catch((error: unknown) => error);
  const behind = ownTurn(new AbortController().signal);
  leaving.abort(reason);
  expect(await left).toBe(reason);
  await behind;
});
