import { describe, expect, test } from "bun:test";
import { Aggregator, type AggregatorLimits, aggregatorLimits } from "../../src/calendar/aggregator.ts";
import { Unavailable } from "../../src/calendar/errors.ts";
import { createBlock } from "../../src/core/block.ts";
import { Log } from "../../src/log.ts";
import type { Carrier } from "../../src/proof/file-proofs.ts";
import { within } from "../fake-node/deadline.ts";
import { genesis } from "../support/chain.ts";
import { reasonOf, until } from "../support/promise.ts";
import { blocksIn, pendingIn, sha256, someDigests } from "./answers.ts";

const uri = "https://calendar.example.org";

/** A root that waits for its block. */
interface Root {
  readonly root: Uint8Array;
  readonly untilMs: number;
  readonly accept: () => void;
  readonly settle: (carriers: readonly Carrier[]) => void;
  readonly fail: (error: Error) => void;
}

/** What is logged, by the names of the events. */
const logged: string[] = [];

/** An aggregator whose roots wait until a test decides what becomes of them. */
function start({ uri, ...limits }: Partial<AggregatorLimits> & { readonly uri?: string } = {}) {
  const roots: Root[] = [];
  const stampRoot = (root: Uint8Array, untilMs: number) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Carrier[]>();
    roots.push({ root, untilMs, accept: () => resolve([carrierOf(root)]), settle: resolve, fail: reject });
    return promise;
  };
  const log = new Log((line) => logged.push((JSON.parse(line) as { event: string }).event));
  const aggregator = new Aggregator({ stampRoot, uri, log, limits: { ...aggregatorLimits, ...limits } });
  const nextRoot = async (number: number) => {
    await within(
      `root ${number}`,
      until(() => roots.length >= number),
    );
    const root = roots[number - 1];
    if (root === undefined) throw new Error("no root");
    return root;
  };
  return {
    aggregator,
    roots,
    nextRoot,
    stampAll: (digests: readonly Uint8Array[]) => digests.map((digest) => aggregator.stamp(digest)),
  };
}

function carrierOf(data: Uint8Array): Carrier {
  const block = createBlock({ parentId: genesis.id, height: 1n, timestamp: 1_700_000_000n, data });
  return { network: 12_345n, chain: genesis.id, block };
}

/** No digest comes so late that it matters. */
const never = 1_000_000;

describe("a tree", () => {
  test("is closed when its digest has waited, and answers with the block that carries its root", async () => {
    const { aggregator, nextRoot } = start({ maxQuietMs: 1 });
    const [digest = new Uint8Array()] = someDigests(1);
    const answer = aggregator.stamp(digest);
    const root = await nextRoot(1);
    root.accept();
    const claims = blocksIn(digest, await answer);
    expect(claims).toMatchObject([{ network: 12_345n, chain: genesis.id, block: { data: root.root } }]);
    expect(pendingIn(digest, await answer)).toEqual([]);
    expect(aggregator.tip).toMatchObject({ root: root.root, carrier: { block: { height: 1n } } });
  });

  test("is closed at 10,000 digests, while another is under way, and no answer has more than 10,000 bytes", async () => {
    expect(aggregatorLimits.maxTreeDigests).toBe(10_000);
    const { roots, stampAll } = start({ maxQuietMs: never, uri });
    const digests = someDigests(20_000);
    const answers = stampAll(digests);
    expect(roots).toHaveLength(2);
    for (const { accept } of roots) accept();
    for (const [i, answer] of (await Promise.all(answers)).entries()) {
      if (i % 500 === 0) expect(blocksIn(digests[i] ?? new Uint8Array(), answer)).toHaveLength(1);
      expect(answer.length).toBeLessThan(1_000); // a stock client reads 10,000
    }
  });

  test("is closed when the root under way is done, whatever came of that", async () => {
    const { aggregator, roots, nextRoot, stampAll } = start({
      maxTreeDigests: 3,
      maxQuietMs: never,
      maxBehindMs: never,
    });
    const first = stampAll(someDigests(3));
    const behind = stampAll(someDigests(2));
    expect(roots).toHaveLength(1);
    roots[0]?.accept();
    await Promise.all(first);
    const second = await nextRoot(2);
    const last = aggregator.stamp(sha256());
    second.fail(new Error("the node is gone"));
    const reasons = await Promise.all(behind.map(reasonOf));
    for (const reason of reasons) expect((reason as Unavailable).refusal).toEqual({ code: "no node" });
    (await nextRoot(3)).accept();
    expect(blocksIn(sha256(), await last)).toHaveLength(1);
    expect(aggregator.counts).toEqual({ digests: 4, trees: 2, late: 0, refused: 2 });
  });

  test("does not wait for a root under way for more than a second", async () => {
    expect(aggregatorLimits.maxBehindMs).toBe(1_000);
    const { aggregator, nextRoot } = start({ maxTreeDigests: 2, maxQuietMs: never, maxBehindMs: 1 });
    void aggregator.stamp(sha256());
    void aggregator.stamp(sha256());
    const answer = aggregator.stamp(sha256());
    (await nextRoot(2)).accept();
    expect(blocksIn(sha256(), await answer)).toHaveLength(1);
  });

  test("waits for company as long as all its digests have not waited enough together", async () => {
    expect(aggregatorLimits.maxQuietMs).toBe(250);
    const { roots, nextRoot, stampAll } = start({ maxQuietMs: 60_000 });
    const alone = stampAll(someDigests(1));
    expect(roots).toHaveLength(0);
    stampAll(someDigests(9_000)); // 60 s, shared by 9,001
    const { untilMs, accept } = await nextRoot(1);
    accept();
    await Promise.all(alone);
    expect(untilMs - performance.now()).toBeLessThanOrEqual(aggregatorLimits.maxAnswerMs);
  });

  test("gives equal digests nonces of their own, and neighbours that nobody can guess", async () => {
    const { roots, stampAll } = start({ maxTreeDigests: 2 });
    const answers = stampAll([sha256(), sha256()]);
    roots[0]?.accept();
    const [one = sha256(), other = sha256()] = await Promise.all(answers);
    const nonces = [one, other].map((answer) => answer.subarray(2, 18).toHex());
    expect(new Set(nonces).size).toBe(2);
    expect(one.toHex().slice(0, 4)).toBe("f010"); // append 16 bytes
    expect([one, other].every((answer) => !answer.toHex().includes(sha256().toHex()))).toBe(true);
    for (const answer of [one, other]) expect(blocksIn(sha256(), answer)).toHaveLength(1);
  });
});

describe("a root without a block in time", () => {
  test("is left to be asked about at the address, if there is one", async () => {
    const { aggregator, roots } = start({ maxTreeDigests: 1, uri });
    const answer = aggregator.stamp(sha256());
    const root = roots[0]?.root ?? new Uint8Array();
    roots[0]?.settle([]);
    expect(blocksIn(sha256(), await answer)).toEqual([]);
    const commitment = Buffer.concat([sha256(root), Uint8Array.fromHex("7fcc294a79166871")]);
    expect(pendingIn(sha256(), await answer)).toEqual([{ uri, commitment: new Uint8Array(commitment) }]);
    expect(aggregator.counts).toEqual({ digests: 1, trees: 1, late: 1, refused: 0 });
  });

  test("is refused if there is none", async () => {
    const { aggregator, roots } = start({ maxTreeDigests: 1 });
    const answer = aggregator.stamp(sha256());
    roots[0]?.settle([]);
    expect(((await reasonOf(answer)) as Unavailable).refusal).toEqual({ code: "no block in time" });
  });

  test("waits 3.5 s from its first digest on", async () => {
    expect(aggregatorLimits.maxAnswerMs).toBe(3_500);
    const { aggregator, roots } = start({ maxTreeDigests: 1 });
    const beforeMs = performance.now();
    void aggregator.stamp(sha256());
    const afterMs = performance.now();
    expect(roots[0]?.untilMs).toBeWithin(beforeMs + 3_500, afterMs + 3_501);
    roots[0]?.accept();
  });
});

test("a root that stands in two blocks, in one of them salted, has both in its answers", async () => {
  const { aggregator, roots } = start({ maxTreeDigests: 1, uri });
  const answer = aggregator.stamp(sha256());
  const root = roots[0]?.root ?? new Uint8Array();
  const nonce = new TextEncoder().encode("sixteen bytes ..");
  const salted = sha256(root, nonce);
  roots[0]?.settle([carrierOf(root), { ...carrierOf(salted), nonce }]);
  const carried = blocksIn(sha256(), await answer).map(({ block }) => block.data.toHex());
  expect(carried.toSorted()).toEqual([root.toHex(), salted.toHex()].toSorted());
  expect(pendingIn(sha256(), await answer)).toHaveLength(1);
});

test("a block that carries something else is no answer", async () => {
  const { aggregator, roots } = start({ maxTreeDigests: 1, uri });
  const answer = aggregator.stamp(sha256());
  roots[0]?.settle([carrierOf(sha256())]);
  expect(await reasonOf(answer)).toBeInstanceOf(Unavailable);
});

test("of more digests than there is room for, the last are refused, and there is room again", async () => {
  expect(aggregatorLimits.maxDigests).toBe(40_000);
  const { aggregator, roots, nextRoot, stampAll } = start({ maxTreeDigests: 2, maxDigests: 4 });
  const answers = stampAll(someDigests(4));
  expect(((await reasonOf(aggregator.stamp(sha256()))) as Unavailable).refusal).toEqual({ code: "too many waiting" });
  expect(aggregator.waiting).toBe(4);
  for (const { accept } of roots) accept();
  await Promise.all(answers);
  const later = stampAll(someDigests(2));
  (await nextRoot(3)).accept();
  await Promise.all(later);
});

test("at its end it stamps what waits, answers all, and refuses the rest", async () => {
  const { aggregator, nextRoot } = start({ maxQuietMs: never });
  const waiting = aggregator.stamp(sha256());
  const closed = aggregator.close();
  expect(((await reasonOf(aggregator.stamp(sha256()))) as Unavailable).refusal).toEqual({ code: "shut down" });
  (await nextRoot(1)).accept();
  await closed;
  expect(blocksIn(sha256(), await waiting)).toHaveLength(1);
});

test("a node that fails is logged once, and once more when it is back", async () => {
  logged.length = 0;
  const { roots, stampAll } = start({ maxTreeDigests: 1 });
  const refused = stampAll(someDigests(3));
  for (const { fail } of roots) fail(new Error("no node"));
  await Promise.all(refused.map(reasonOf));
  const answers = stampAll(someDigests(2));
  for (const { accept } of roots.slice(3)) accept();
  await Promise.all(answers);
  expect(logged).toEqual(["the node does not stamp", "the node stamps again"]);
});
