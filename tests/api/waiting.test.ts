import { describe, expect, spyOn, test } from "bun:test";
import { answerJsonRpc } from "../../src/api/json-rpc.ts";
import { maxWaitMs } from "../../src/client/limits.ts";
import { digestOf } from "../../src/core/digest.ts";
import { maxWaiting } from "../../src/vm/waiting-calls.ts";
import { close, methodsOf, viewOf } from "../support/api.ts";
import { callerOf } from "../support/caller.ts";
import { bytesOf, decideNext, propose, startVm } from "../support/chain.ts";
import { stateOf } from "../support/promise.ts";
import { countTurns } from "../support/turns.ts";

/** A chain whose methods are called by somebody who may leave. */
function start() {
  const { vm, clock } = startVm();
  const methods = methodsOf(vm);
  const aborted = new AbortController();
  const caller = callerOf(aborted.signal);
  const ask = (method: string, params: object) =>
    Promise.resolve(answerJsonRpc(methods, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), caller)).then(
      (text) => JSON.parse(text ?? "") as { result?: object; error?: { message: string } },
    );
  return { vm, clock, ask, leave: () => aborted.abort(new Error("gone")) };
}

const digest = digestOf(bytesOf("data"));
const kinds: readonly (readonly [string, object])[] = [
  ["getReceipt", { id: digest, waitMs: 1_000 }],
  ["getBlocks", { from: 1, order: "ascending", waitMs: 1_000 }],
];

test("a batch that waits holds nothing when its caller has left", async () => {
  const { vm } = startVm();
  const aborted = new AbortController();
  const batch = kinds.map(([method, params], id) => ({ jsonrpc: "2.0", id, method, params }));
  const caller = { ...callerOf(aborted.signal), pause: () => undefined };
  const answer = answerJsonRpc(methodsOf(vm), JSON.stringify(batch), caller);
  expect(viewOf(vm).confirmed.waiting).toBe(kinds.length);
  aborted.abort(new Error("gone"));
  expect(viewOf(vm).confirmed.waiting).toBe(0);
  await answer;
});

test.each(kinds)("%s takes the longest wait and no longer", async (method, params) => {
  const { ask, clock } = start();
  const longest = ask(method, { ...params, waitMs: maxWaitMs });
  clock.advanceMs(maxWaitMs);
  expect((await longest).result).toBeDefined();
  const { error } = await ask(method, { ...params, waitMs: maxWaitMs + 1 });
  expect(error?.message).toBe("Invalid params: waitMs must be a whole number, 0 to 25000");
});

describe.each(kinds)("a waiting %s", (method, params) => {
  test("is answered when the block comes", async () => {
    const { vm, ask } = start();
    const answer = ask(method, params);
    expect(await stateOf(answer)).toBe("waiting");
    propose(vm, "data");
    expect(await stateOf(answer)).toBe("waiting");
    const { id } = decideNext(vm);
    expect(JSON.stringify((await answer).result)).toContain(id);
    expect(viewOf(vm).confirmed.waiting).toBe(0);
  });

  test("is answered at once when the block is there", async () => {
    const { vm, ask } = start();
    propose(vm, "data");
    const { id } = decideNext(vm);
    expect(JSON.stringify((await ask(method, params)).result)).toContain(id);
  });

  test("is answered when its time is over, not earlier", async () => {
    const { vm, clock, ask } = start();
    const answer = ask(method, params);
    clock.advanceMs(999);
    expect(await stateOf(answer)).toBe("waiting");
    clock.advanceMs(1);
    expect((await answer).result).toBeDefined();
    expect(viewOf(vm).confirmed.waiting).toBe(0);
  });

  test("holds nothing when its caller has left", async () => {
    const { vm, ask, leave } = start();
    const answer = ask(method, params);
    expect(viewOf(vm).confirmed.waiting).toBe(1);
    leave();
    expect(viewOf(vm).confirmed.waiting).toBe(0);
    await answer;
  });

  test("has nothing read for it when its caller has left", async () => {
    const { vm, ask, leave } = start();
    const answer = ask(method, params);
    using pages = spyOn(viewOf(vm).confirmed, "blocksFrom");
    using receipts = spyOn(viewOf(vm), "receiptOf");
    leave();
    expect((await answer).error?.message).toBe("gone");
    expect([pages.mock.calls, receipts.mock.calls]).toEqual([[], []]);
  });

  test("is answered in a turn of its own: a block that many wait for does not stop all else", async () => {
    const { vm, ask } = start();
    const answers = Array.from({ length: 50 }, () => ask(method, params));
    propose(vm, "data");
    const turns = await countTurns(() => {
      decideNext(vm);
      return Promise.all(answers);
    });
    expect(turns).toBeGreaterThanOrEqual(49);
    for (const answer of answers) expect((await answer).result).toBeDefined();
  });

  test("hears when the chain is shut down", async () => {
    const { vm, ask } = start();
    const answer = ask(method, params);
    close(vm);
    expect((await answer).error?.message).toBe("the VM is shut down");
  });

  test("is refused when too many wait, and others are answered", async () => {
    const { vm, ask, leave } = start();
    const answers = Array.from({ length: maxWaiting / 2 }, () => ask(method, params));
    expect(viewOf(vm).confirmed.waiting, "all that one caller may have").toBe(maxWaiting / 2);
    expect((await ask(method, params)).error?.message).toContain("waitMs");
    expect((await ask(method, { ...params, waitMs: 0 })).result).toBeDefined();
    leave();
    await Promise.all(answers);
    expect(viewOf(vm).confirmed.waiting).toBe(0);
  });
});
