import { describe, expect, test } from "bun:test";
import type { CallApi } from "../../src/client/client.ts";
import type { ResultOf } from "../../src/client/contract.ts";
import { maxWaitMs } from "../../src/client/limits.ts";
import { RpcError } from "../../src/client/rpc-error.ts";
import { askToWait, type Clock, pauseMs, systemClock, waitForReceipt } from "../../src/client/waiting.ts";
import { reasonOf } from "../support/promise.ts";

type Receipt = ResultOf<"getReceipt">;

const pending: Receipt = { id: "0xab", status: "pending" };
const processing: Receipt = { id: "0xab", status: "processing" };
const accepted: Receipt = { id: "0xab", status: "accepted", block: { id: "b", height: 1n, timestamp: 2n } };
const unknown: Receipt = { id: "0xab", status: "unknown" };

/** A clock that goes as far as it is waited for. */
class WaitedClock implements Clock {
  ms = 1_000;
  readonly pauses: number[] = [];

  nowMs(): number {
    return this.ms;
  }

  async pause(ms: number): Promise<void> {
    this.pauses.push(ms);
    this.ms += ms;
  }
}

/** A server that gives these one after the other, and the last one for ever; what it was asked goes into `asked`. */
function serverOf(...answers: readonly (Receipt | Error)[]) {
  const clock = new WaitedClock();
  const asked: unknown[] = [];
  const call: CallApi = async (method, params) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push([method, params]);
    if (answer instanceof Error) throw answer;
    clock.ms += Number((params as { waitMs?: number }).waitMs);
    return answer as ResultOf<typeof method>;
  };
  return { call, clock, asked };
}

const waitFor = (waitMs: number) => ["getReceipt", { id: "0xab", waitMs }];

describe("waiting for a receipt", () => {
  test("goes on until it is accepted, and reports each that comes", async () => {
    const { call, clock, asked } = serverOf(pending, processing, accepted);
    const seen: string[] = [];
    const wait = { clock, onReceipt: ({ status }: Receipt) => seen.push(status) };
    expect(await waitForReceipt(call, pending, wait)).toBe(accepted);
    expect(seen).toEqual(["pending", "processing", "accepted"]);
    expect(asked).toEqual(Array(3).fill(waitFor(maxWaitMs)));
    expect(clock.pauses).toEqual([pauseMs, pauseMs]);
  });

  test.each([
    ["accepted", accepted],
    ["unknown", unknown],
  ])("asks nothing where the last word is said: %s", async (_status, receipt) => {
    const { call, clock, asked } = serverOf(pending);
    expect(await waitForReceipt(call, receipt, { clock })).toBe(receipt);
    expect(asked).toEqual([]);
  });

  test("ends when the node has forgotten it", async () => {
    const { call, clock } = serverOf(processing, unknown);
    expect(await waitForReceipt(call, pending, { clock })).toBe(unknown);
  });

  test("ends when the time is over, and waits no longer than that", async () => {
    const { call, clock, asked } = serverOf(processing);
    const untilMs = clock.nowMs() + maxWaitMs + 2_000;
    expect(await waitForReceipt(call, pending, { clock, untilMs })).toBe(processing);
    expect(asked).toEqual([waitFor(maxWaitMs), waitFor(2_000 - pauseMs)]);
    const none = serverOf(accepted);
    expect(await waitForReceipt(none.call, pending, { clock, untilMs: clock.nowMs() })).toBe(pending);
    expect(none.asked).toEqual([]);
  });

  test("rejects as the call does", async () => {
    const { call, clock, asked } = serverOf(pending, new Error("cannot reach it"));
    expect(await reasonOf(waitForReceipt(call, pending, { clock }))).toMatchObject({ message: "cannot reach it" });
    expect(asked).toHaveLength(2);
  });

  test("hands on its signal", async () => {
    const { clock } = serverOf();
    const left = new AbortController();
    const call: CallApi = async (_method, _params, signal) => {
      left.abort(new Error("left"));
      throw signal?.reason;
    };
    expect(await reasonOf(waitForReceipt(call, pending, { clock, signal: left.signal }))).toBe(left.signal.reason);
  });
});

describe("a server where too many wait", () => {
  const tooMany = new RpcError(-32603, "too many", { code: "too many waiting", waiting: 2_000n });

  test("is asked again after a pause, without waiting there", async () => {
    const { call, clock, asked } = serverOf(tooMany, accepted);
    expect(await waitForReceipt(call, pending, { clock })).toBe(accepted);
    expect(asked).toEqual([waitFor(maxWaitMs), waitFor(0)]);
    expect(clock.pauses).toEqual([pauseMs]);
  });

  test("is left when it refuses that as well", async () => {
    const { clock } = serverOf();
    const asked: number[] = [];
    const ask = async (waitMs: number) => {
      asked.push(waitMs);
      throw tooMany;
    };
    expect(await reasonOf(askToWait(ask, 5_000, clock))).toBe(tooMany);
    expect(asked).toEqual([5_000, 0]);
  });
});

test("the system's clock pauses until its time, or until nobody waits any more", async () => {
  const before = systemClock.nowMs();
  await systemClock.pause(20);
  expect(systemClock.nowMs() - before).toBeGreaterThanOrEqual(19);
  const left = new AbortController();
  const pause = systemClock.pause(1_000_000, left.signal);
  left.abort();
  await pause;
  await systemClock.pause(1_000_000, left.signal);
});
