import { describe, expect, test } from "bun:test";
import { createWaiter, type Waiter } from "../../src/vm/waiter.ts";

/** What happened to a waiter, in order, after `settle` was done to it. */
function eventsAfter(settle: (waiter: Waiter) => void): string[] {
  const events: string[] = [];
  const waiter = createWaiter(
    () => events.push("resolved"),
    (error) => events.push(`rejected with ${error}`),
    () => {
      events.push("released");
      waiter.resolve(); // what lets go of a waiter may settle it again
    },
  );
  settle(waiter);
  return events;
}

describe("a waiter", () => {
  test("frees what it held, and is resolved", () => {
    expect(eventsAfter(({ resolve }) => resolve())).toEqual(["released", "resolved"]);
  });

  test("frees what it held, and is rejected", () => {
    expect(eventsAfter(({ reject }) => reject("why"))).toEqual(["released", "rejected with why"]);
  });

  test("settles once", () => {
    const both = ({ resolve, reject }: Waiter) => {
      reject("why");
      resolve();
      reject("again");
    };
    expect(eventsAfter(both)).toEqual(["released", "rejected with why"]);
  });

  test("frees nothing before it settles", () => {
    expect(eventsAfter(() => {})).toEqual([]);
  });
});
