import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Block } from "../../src/core/block.ts";
import { digestFromBytes, digestOf, digestToBytes } from "../../src/core/digest.ts";
import type { ConfirmedChain } from "../../src/vm/confirmed-chain.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { bytesOf, childOf, genesis, now, startVm } from "../support/chain.ts";
import { runs } from "../support/runs.ts";
import { memoryDirectory } from "../support/temporary.ts";

const numRuns = runs(100, 3_000);
const maxU64 = 2n ** 64n - 1n;

/** Data that repeats, data that is the digest of other data, and some that nearly is. */
const inner = digestToBytes(digestOf(bytesOf("a")));
const texts = [bytesOf(""), bytesOf("a"), bytesOf("b"), inner, digestToBytes(digestOf(inner)), inner.subarray(1)];
const digests = [...texts, bytesOf("never")].map(digestOf).concat(digestFromBytes(inner.toReversed()));

/** One thing that happens. */
interface Action {
  readonly kind: "accept" | "reject" | "confirm" | "reopen";
  readonly data: Uint8Array;
  /** Seconds since the last block. */
  readonly later: number;
  /** How many blocks below the last one. */
  readonly behind: number;
}

/** What happens to a chain, and a list of its blocks. */
class History {
  vm: Vm;
  readonly #options: { readonly file: string; readonly config: { readonly durability: "normal" } };
  #accepted: readonly Block[] = [genesis];
  #confirmed = 0;
  #rejected = 0;

  constructor(file: string) {
    this.#options = { file, config: { durability: "normal" } };
    this.vm = startVm(this.#options).vm;
  }

  /** What clients may see. */
  get seen(): readonly Block[] {
    return this.#accepted.slice(0, this.#confirmed + 1);
  }

  get accepted(): readonly Block[] {
    return this.#accepted;
  }

  run(action: Action): void {
    this[action.kind](action);
  }

  accept({ data, later }: Action): void {
    const block = this.vm.verifyBlock(this.#next(data, later).bytes);
    this.vm.acceptBlock(block.id);
    this.#accepted = [...this.#accepted, block];
  }

  /** One that no other action makes: it may never be accepted. */
  reject({ later, behind }: Action): void {
    const block = this.vm.verifyBlock(this.#next(bytesOf(`rejected ${++this.#rejected}`), later + behind).bytes);
    this.vm.rejectBlock(block.id);
  }

  confirm({ behind }: Action): void {
    this.#confirmed = Math.max(this.#confirmed, this.#accepted.length - 1 - behind);
    this.vm.confirm(this.#accepted[this.#confirmed] ?? genesis);
  }

  /** The node's database may have lost what came last. */
  reopen({ behind }: Action): void {
    this.#accepted = this.#accepted.slice(0, Math.max(1, this.#accepted.length - behind));
    this.#confirmed = this.#accepted.length - 1;
    const { id, height } = this.#accepted.at(-1) ?? genesis;
    const marker = { ...this.vm.headMarker, id, height };
    this.vm.close();
    this.vm = startVm({ ...this.#options, marker }).vm;
  }

  #next(data: Uint8Array, later: number): Block {
    const last = this.#accepted.at(-1) ?? genesis;
    return childOf(last, data, (last.height === 0n ? now : last.timestamp) + BigInt(later));
  }
}

const actions = fc.array(
  fc.record<Action>({
    kind: fc.constantFrom("accept", "accept", "accept", "confirm", "confirm", "reject", "reopen"),
    data: fc.constantFrom(...texts),
    later: fc.nat(2),
    behind: fc.nat(3),
  }),
  { maxLength: 40 },
);

test("clients of any chain see the same as in a list of its confirmed blocks", () => {
  using directory = memoryDirectory();
  let count = 0;
  fc.assert(
    fc.property(actions, (actions) => {
      const history = new History(directory.file(`${++count}.db`));
      for (const action of actions) history.run(action);
      const { confirmed } = history.vm;
      expectBlocks(confirmed, history.seen, history.accepted);
      expectTimes(confirmed, history.seen);
      expectFound(confirmed, history.seen);
      history.vm.close();
    }),
    { numRuns },
  );
});

function expectBlocks(confirmed: ConfirmedChain, seen: readonly Block[], accepted: readonly Block[]): void {
  expect(confirmed.last).toEqual(seen.at(-1) ?? genesis);
  for (const { id } of accepted) expect(confirmed.getBlock(id)).toEqual(seen.find((block) => block.id === id));
  for (const height of [...accepted.keys(), accepted.length, accepted.length + 1].map(BigInt)) {
    const [below, above] = [seen.filter((b) => b.height <= height), seen.filter((b) => b.height >= height)];
    expect(confirmed.getBlockAtHeight(height)).toEqual(seen.find((block) => block.height === height));
    expect([...confirmed.blocksFrom(height, "ascending")]).toEqual(above);
    expect([...confirmed.blocksFrom(height, "descending")]).toEqual(below.toReversed());
  }
}

function expectTimes(confirmed: ConfirmedChain, seen: readonly Block[]): void {
  const times = seen.flatMap(({ timestamp }) => [timestamp, timestamp + 1n, timestamp > 0n ? timestamp - 1n : 0n]);
  for (const timestamp of [...times, maxU64]) {
    expect(confirmed.getBlockAt(timestamp)).toEqual(seen.findLast((block) => block.timestamp <= timestamp));
  }
}

function expectFound(confirmed: ConfirmedChain, seen: readonly Block[]): void {
  for (const digest of digests) {
    const carriers = seen.filter(({ data }) => digestOf(data) === digest);
    const isIt = (data: Uint8Array) => data.length === 32 && digestFromBytes(data) === digest;
    const found = seen.filter(({ data }) => digestOf(data) === digest || isIt(data));
    expect([...confirmed.find(digest)]).toEqual(found);
    for (const from of [1n, 2n, 5n, maxU64]) {
      expect([...confirmed.find(digest, from)]).toEqual(found.filter(({ height }) => height >= from));
      expect(confirmed.findData(digest, from)).toEqual(carriers.find(({ height }) => height >= from));
    }
  }
}
