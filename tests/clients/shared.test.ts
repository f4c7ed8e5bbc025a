import { expect, test } from "bun:test";
import { SharedFigures } from "../../src/clients/shared.ts";

test("what one side counts, the other one reads; the end of a thread leaves what it has refused", () => {
  const ours = new SharedFigures();
  const theirs = new SharedFigures(ours.memory);
  theirs.beat();
  theirs.requests = 3;
  theirs.waiting = 2;
  for (const reason of ["requests", "bytes", "bytes", "caller", "answers"] as const) theirs.countRefused(reason);
  expect([ours.beats, ours.requests, ours.waiting]).toEqual([1, 3, 2]);
  ours.forgetClients();
  expect([theirs.requests, theirs.waiting]).toEqual([0, 0]);
  expect(ours.refused).toEqual({ requests: 1, bytes: 2, caller: 1, answers: 1 });
});

test("a height is called out when somebody waits for it, and has all its digits", () => {
  const ours = new SharedFigures();
  const theirs = new SharedFigures(ours.memory);
  const called: bigint[] = [];
  theirs.waiting = 1;
  ours.height = 1n; // nobody hears of it yet
  theirs.waiting = 0;
  ours.onAwaitedHeight = () => called.push(theirs.height);
  ours.height = 2n ** 53n + 1n;
  theirs.waiting = 1;
  ours.height = 2n ** 53n + 3n;
  expect(called).toEqual([2n ** 53n + 3n]);
});
