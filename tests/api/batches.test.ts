import { describe, expect, test } from "bun:test";
import { Batches } from "../../src/api/batches.ts";

/** Batches that are answered by hand: each item with itself. */
function start(limits = {}) {
  const asked: { readonly batch: readonly string[]; readonly answer: () => void; readonly fail: () => void }[] = [];
  const batches = new Batches<string, string>((batch) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
    asked.push({ batch, answer: () => resolve(batch), fail: () => reject(new Error("failed")) });
    return promise;
  }, limits);
  return { batches, asked };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("what is asked", () => {
  test("in one turn goes together, and what comes meanwhile behind the answer, together too", async () => {
    const { batches, asked } = start();
    const first = [batches.ask("a"), batches.ask("b")];
    await turn();
    const second = [batches.ask("c"), batches.ask("d")];
    await turn();
    await turn();
    expect(asked.map(({ batch }) => batch)).toEqual([["a", "b"]]);
    asked[0]?.answer();
    expect(await Promise.all(first)).toEqual(["a", "b"]);
    await turn();
    expect(asked.map(({ batch }) => batch)).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    asked[1]?.answer();
    expect(await Promise.all(second)).toEqual(["c", "d"]);
  });

  test("beyond the limits waits, and one item of any size is taken", async () => {
    const { batches, asked } = start({ maxItems: 2, maxBytes: 5, bytesOf: (text: string) => text.length });
    const all = ["a", "b", "c", "dddd", "eeeeeeeee"].map((text) => batches.ask(text));
    for (let i = 0; i < 4; i++) {
      await turn();
      asked[i]?.answer();
      await turn();
    }
    expect(await Promise.all(all)).toHaveLength(5);
    expect(asked.map(({ batch }) => batch)).toEqual([["a", "b"], ["c", "dddd"], ["eeeeeeeee"]]);
  });

  test("fails together, and the next goes on", async () => {
    const { batches, asked } = start();
    const failed = [batches.ask("a"), batches.ask("b")].map((asking) => asking.catch((error: Error) => error.message));
    await turn();
    asked[0]?.fail();
    expect(await Promise.all(failed)).toEqual(["failed", "failed"]);
    const next = batches.ask("c");
    await turn();
    asked[1]?.answer();
    expect(await next).toBe("c");
  });
});
