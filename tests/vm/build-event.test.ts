import { describe, expect, test } from "bun:test";
import { ChainError } from "../../src/core/errors.ts";
import { BuildEvent, repeatAfterMs, type Work } from "../../src/vm/build-event.ts";
import { FakeClock } from "../support/clock.ts";
import { stateOf } from "../support/promise.ts";

const forever = new AbortController().signal;

/** An event whose work is a word that the test sets. */
function startEvent() {
  const clock = new FakeClock();
  const work = { next: undefined as Work | undefined };
  const event = new BuildEvent(clock, () => work.next);
  const setWork = (name: string | undefined, waitMs = 0) => {
    work.next = name === undefined ? undefined : { name, waitMs };
    event.check();
  };
  return { clock, event, setWork };
}

describe("waiting for work", () => {
  test("ends for all waiting calls", async () => {
    const { event, setWork } = startEvent();
    const all = [event.wait(forever), event.wait(forever)];
    expect(event.waiting).toBe(2);
    setWork("a");
    expect(await Promise.all(all.map(stateOf))).toEqual(["resolved", "resolved"]);
    expect(event.waiting).toBe(0);
  });

  test("ends at once for other work, whatever was announced before", async () => {
    const { event, setWork } = startEvent();
    for (const next of ["a", "b", "a", "c"]) {
      setWork(next);
      expect(await stateOf(event.wait(forever))).toBe("resolved");
    }
  });
});

describe("the same work", () => {
  test("is announced again, but not before a pause", async () => {
    const { clock, event, setWork } = startEvent();
    setWork("a");
    for (let i = 0; i < 3; i++) {
      expect(await stateOf(event.wait(forever))).toBe("resolved");
      const again = event.wait(forever);
      expect(await stateOf(again)).toBe("waiting");
      clock.advanceMs(repeatAfterMs - 1);
      expect(await stateOf(again)).toBe("waiting");
      clock.advanceMs(1);
      expect(await stateOf(again)).toBe("resolved");
      clock.advanceMs(repeatAfterMs);
    }
  });

  test("is announced at most four times a second to a node whose builds all fail", async () => {
    const { clock, event, setWork } = startEvent();
    setWork("a");
    let announced = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      const controller = new AbortController();
      const waiting = event.wait(controller.signal);
      if ((await stateOf(waiting)) === "resolved") announced++;
      controller.abort();
      await stateOf(waiting);
      clock.advanceMs(10);
    }
    expect(announced).toBeGreaterThanOrEqual(36);
    expect(announced).toBeLessThanOrEqual(41);
  });

  test("is announced to the next waiting call when the one that got it was cancelled", async () => {
    const { clock, event, setWork } = startEvent();
    const controller = new AbortController();
    const left = event.wait(controller.signal);
    setWork("a"); // announced …
    controller.abort(); // … but nobody listens any more
    expect(await stateOf(left)).toBe("resolved");
    const next = event.wait(forever);
    clock.advanceMs(repeatAfterMs);
    expect(await stateOf(next)).toBe("resolved");
  });

  test("is not announced if it is gone after the pause", async () => {
    const { clock, event, setWork } = startEvent();
    setWork("a");
    await event.wait(forever);
    const waiting = event.wait(forever);
    setWork(undefined);
    clock.advanceMs(10 * repeatAfterMs);
    expect(await stateOf(waiting)).toBe("waiting");
    expect(clock.waiting).toBe(0);
    setWork("b");
    expect(await stateOf(waiting)).toBe("resolved");
  });

  test("needs one timer for any number of waiting calls", async () => {
    const { clock, event, setWork } = startEvent();
    setWork("a");
    await event.wait(forever);
    const all = Array.from({ length: 100 }, () => event.wait(forever));
    expect(clock.waiting).toBe(1);
    clock.advanceMs(repeatAfterMs);
    await Promise.all(all);
    expect(clock.waiting).toBe(0);
  });
});

describe("leaving", () => {
  test("ends the wait with the signal's reason and leaves no trace", async () => {
    const { event } = startEvent();
    const controller = new AbortController();
    const waiting = event.wait(controller.signal);
    controller.abort("gone");
    expect(await stateOf(waiting)).toBe("gone");
    expect(event.waiting).toBe(0);
  });

  test("before it began ends the wait at once, even if there is work", async () => {
    const { event, setWork } = startEvent();
    setWork("a");
    expect(await stateOf(event.wait(AbortSignal.abort("gone")))).toBe("gone");
    expect(await stateOf(event.wait(forever)), "the work is still announced").toBe("resolved");
  });

  test("a hundred thousand times leaves no waiter and no timer, and no wake-up is lost", async () => {
    const { clock, event, setWork } = startEvent();
    for (let i = 0; i < 100_000; i++) {
      const controller = new AbortController();
      const waiting = event.wait(controller.signal).catch(() => undefined);
      if (i % 1_000 === 0) setWork(`${i}`);
      else controller.abort();
      await waiting;
      if (i % 1_000 === 1) expect(event.waiting).toBe(0);
    }
    expect(event.waiting).toBe(0);
    expect(clock.waiting).toBeLessThanOrEqual(1);
    const last = event.wait(forever);
    setWork("last");
    expect(await stateOf(last)).toBe("resolved");
  });

  test("removes its listener from the signal, however the wait ended", async () => {
    const { event, setWork } = startEvent();
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    for (let i = 0; i < 10; i++) {
      setWork(`${i}`);
      await event.wait(signal);
    }
    expect(listeners).toBe(0);
    setWork(undefined);
    const waiting = event.wait(signal);
    controller.abort("gone");
    await stateOf(waiting);
    expect(listeners).toBe(0);
  });
});

describe("after the close", () => {
  test('waiting and later calls get "shut down"', async () => {
    const { clock, event, setWork } = startEvent();
    setWork("a");
    await event.wait(forever);
    const waiting = [event.wait(forever), event.wait(forever)];
    event.close();
    const late = event.wait(forever);
    for (const state of await Promise.all([...waiting, late].map(stateOf))) {
      expect(state).toBeInstanceOf(ChainError);
      expect((state as ChainError).refusal).toEqual({ code: "shut down" });
    }
    expect([event.waiting, clock.waiting]).toEqual([0, 0]);
  });
});
