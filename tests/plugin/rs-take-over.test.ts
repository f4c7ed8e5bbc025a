import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { type Id, idFromBytes, zeroId } from "../../src/avalanche/id.ts";
import { type Block, createBlock, parseBlock } from "../../src/core/block.ts";
import { blockKey } from "../../src/core/block-key.ts";
import { digestOf } from "../../src/core/digest.ts";
import { rsHeadKey } from "../../src/plugin/rs/stored-block.ts";
import { type Finding, TakeOver } from "../../src/plugin/rs/take-over.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import {
  bytesOf,
  chainOn,
  childOf,
  decideNext,
  genesis,
  genesisBytes,
  now,
  propose,
  startVm,
} from "../support/chain.ts";
import { refusalOf } from "../support/refusal.ts";
import { readRsChain, rsEntries, rsValue } from "../support/rs-chain.ts";
import { temporaryDirectory } from "../support/temporary.ts";

type Entries = readonly (readonly [key: Uint8Array, value: Uint8Array])[];

let directory: ReturnType<typeof temporaryDirectory>;
let file = "";
beforeEach(() => {
  directory = temporaryDirectory();
  file = directory.file("timestampvm.db");
});
afterEach(() => directory[Symbol.dispose]());

/**
 * Takes over what stands in a node's database; gives what the file was parted from and what was found, and the ids of the
 * chain, genesis first.
 */
function takeOver(entries: Entries, genesis = genesisBytes, marker?: HeadMarker) {
  const { written, ...taken } = takeFrom(entries, genesis, marker);
  const ids = readIds();
  expect(written).toMatchObject({ height: BigInt(ids.length - 1), id: ids.at(-1) ?? zeroId });
  const { vm, rewound } = startVm({ file, marker: written, genesis });
  expect([vm.lastAccepted.id, rewound]).toEqual([written.id, []]);
  vm.close();
  return { ...taken, ids };
}

/** The file is free again then, as after a refusal. */
function takeFrom(entries: Entries, genesis: Uint8Array, marker: HeadMarker | undefined) {
  const valueByKey = new Map(entries.map(([key, value]) => [key.toHex(), value]));
  const head = idFromBytes(valueByKey.get(rsHeadKey.toHex()) ?? new Uint8Array());
  const taking = TakeOver.open({ file, genesisBytes: genesis, head, marker });
  using _closing = { [Symbol.dispose]: () => taking.close() };
  const findings: Finding[] = [];
  let reads = 0;
  for (let id = taking.sought; id !== undefined; id = taking.sought) {
    expect(reads++, "reads: it must come to an end").toBeLessThan(entries.length + 1);
    taking.search(id, valueByKey.get(blockKey(id).toHex()));
  }
  const parted = [...taking.part(now)];
  reads = 0;
  for (let id = taking.wanted; id !== undefined; id = taking.wanted) {
    expect(reads++, "reads: it must come to an end").toBeLessThan(entries.length);
    findings.push(...taking.add(id, valueByKey.get(blockKey(id).toHex())));
  }
  return { parted, findings, reads, written: taking.finish() };
}

/** The file's store, which is released with its scope. */
function openStore(): BlockStore & Disposable {
  const store = BlockStore.open(file);
  return Object.assign(store, { [Symbol.dispose]: () => store.close() });
}

/** The accepted blocks of the file, genesis first. */
function readIds(): Id[] {
  using store = openStore();
  const ids: Id[] = [];
  for (let id = store.getIdAtHeight(0n); id !== undefined; id = store.getIdAtHeight(BigInt(ids.length))) {
    expect(store.getBlock(id)).toMatchObject({ id, height: BigInt(ids.length) });
    ids.push(id);
  }
  return ids;
}

/** What the node's database says when all is well. */
function readMarker(): HeadMarker {
  using store = openStore();
  const { id, height } = store.lastAccepted();
  return { instanceId: store.instanceId, height, id };
}

/** The same entries, with another value for one block; none for undefined. */
function withBlock(entries: Entries, id: Id, value: Uint8Array | undefined): Entries {
  const others = entries.filter(([key]) => key.toHex() !== blockKey(id).toHex());
  expect(others.length).toBe(entries.length - 1);
  return value === undefined ? others : [...others, [blockKey(id), value]];
}

function idsOf(blocks: readonly { readonly id: Id }[]): Id[] {
  return blocks.map(({ id }) => id);
}

describe("a chain that timestampvm-rs wrote", () => {
  test("is taken over with every accepted block, as it was received", () => {
    const chain = readRsChain("chain");
    const { findings, ids } = takeOver(chain.entries, chain.genesisBytes);
    expect(findings).toEqual([]);
    expect(ids.slice(1)).toEqual(idsOf(chain.accepted));
    using store = openStore();
    for (const { id, bytes } of chain.accepted) expect(store.getBlock(id)?.bytes.toHex()).toBe(bytes.toHex());
    for (const { id, decision } of chain.blocks) {
      expect(store.getDecision(id)).toBe(decision === "accepted" ? decision : undefined);
    }
  });

  test("with a block that it encoded again has it under its id, and says so", () => {
    const chain = readRsChain("reencoded");
    const { findings, ids } = takeOver(chain.entries, chain.genesisBytes);
    expect(ids.slice(1)).toEqual(idsOf(chain.accepted));
    const spaced = chain.accepted.find(({ bytes }) => bytes[1] === 0x20);
    expect(spaced?.height).toBe(5);
    expect(findings).toEqual([{ kind: "re-encoded", id: spaced?.id ?? zeroId, height: 5n }]);
    using store = openStore();
    const { id, ...received } = parseBlock(spaced?.bytes ?? new Uint8Array());
    const bytes = new Uint8Array([0x7b, ...received.bytes.subarray(2)]);
    expect(store.getBlock(id)).toEqual({ ...received, id, bytes });
  });

  test("and that it could not go on with goes on", () => {
    const chain = readRsChain("halted");
    const { findings, ids } = takeOver(chain.entries, chain.genesisBytes);
    expect(findings).toMatchObject([{ kind: "re-encoded", id: chain.head.id, height: 5n }]);
    expect(ids.slice(1)).toEqual(idsOf(chain.accepted));

    const { vm, clock } = startVm({ file, marker: readMarker(), genesis: chain.genesisBytes });
    clock.seconds = vm.lastAccepted.timestamp;
    propose(vm, "no longer in vain");
    const next = decideNext(vm);
    expect(next).toMatchObject({ parentId: chain.head.id, height: 6n });
    vm.close();
    const again = startVm({ file, marker: readMarker(), genesis: chain.genesisBytes });
    expect([again.vm.lastAccepted.id, again.rewound]).toEqual([next.id, []]);
    expect(again.vm.verifyBlock(chain.head.bytes).id).toBe(chain.head.id); // as received: known
    again.vm.close();
  });
});

describe("a chain of", () => {
  test("genesis alone is taken over", () => {
    expect(takeOver(rsEntries([genesis]))).toMatchObject({ findings: [], ids: [genesis.id] });
  });

  test("more blocks than one transaction takes is whole", () => {
    const blocks = [genesis, ...chainOn(genesis, 1_234)];
    expect(takeOver(rsEntries(blocks))).toMatchObject({ findings: [], ids: idsOf(blocks) });
  });

  test("more bytes than one transaction takes is whole", () => {
    const blocks = [genesis];
    for (let i = 0; i < 9; i++) blocks.push(childOf(blocks.at(-1) ?? genesis, new Uint8Array(500_000).fill(i)));
    expect(takeOver(rsEntries(blocks))).toMatchObject({ findings: [], ids: idsOf(blocks) });
  });

  test("blocks of which each was encoded again is whole", () => {
    const received = [genesis];
    for (let i = 0; i < 20; i++) received.push(withSpace(childOf(received.at(-1) ?? genesis, `block ${i}`)));
    const entries = received.slice(1).reduce(encodedAgain, rsEntries(received));
    const { findings, ids } = takeOver(entries);
    expect(ids).toEqual(idsOf(received));
    const expected = received.slice(1).map(({ id, height }): Finding => ({ kind: "re-encoded", id, height }));
    expect(findings).toEqual(expected.reverse());
  });
});

/** The same block to a reader of JSON, another to a hash. */
function withSpace(block: Block): Block {
  return parseBlock(new Uint8Array([...block.bytes, 0x20]));
}

/** The same entries, with the block as timestampvm-rs stores it. */
function encodedAgain(entries: Entries, block: Block): Entries {
  return withBlock(entries, block.id, rsValue(createBlock(block).bytes));
}

const blocks = [genesis, ...chainOn(genesis, 4)] as const;
const [, one, two, three, four] = blocks as unknown as [Block, Block, Block, Block, Block];

describe("nothing but genesis is left of a chain", () => {
  const entries = rsEntries(blocks);
  const rejected = rsValue(two.bytes, "Rejected");
  const cut = rsValue(two.bytes).subarray(0, 100);
  const noBlock = rsValue(bytesOf('{"height":2}'));
  test.each([
    ["in which a block is missing", undefined, "it is missing"],
    ["in which a value is cut off", cut, "malformed block: not stored as accepted"],
    ["in which a block was not accepted", rejected, "malformed block: not stored as accepted"],
    ["in which a block is none", noBlock, "malformed block: "],
  ])("%s", (_name, value, problem) => {
    const { findings, ids } = takeOver(withBlock(entries, two.id, value));
    expect(ids).toEqual([genesis.id]);
    const finding = { kind: "left out", id: two.id, height: undefined, problem: expect.stringContaining(problem) };
    expect(findings).toEqual([finding] as unknown as Finding[]);
  });

  test("without its head", () => {
    const { findings, ids } = takeOver(withBlock(entries, four.id, undefined));
    expect([ids, findings]).toEqual([
      [genesis.id],
      [{ kind: "left out", id: four.id, height: undefined, problem: "it is missing" }],
    ]);
  });

  test("with another genesis", () => {
    const other = createBlock({ parentId: zeroId, height: 0n, timestamp: 0n, data: bytesOf("another") });
    const { findings, ids } = takeOver(rsEntries([other, ...chainOn(other, 3)]));
    expect(ids).toEqual([genesis.id]);
    const problem = `it is not this chain's genesis ${genesis.id}`;
    expect(findings).toEqual([{ kind: "left out", id: other.id, height: 0n, problem }]);
  });

  test("whose genesis has other bytes than its id says", () => {
    const other = createBlock({ ...genesis, data: bytesOf("another") });
    const { findings, ids } = takeOver(withBlock(entries, genesis.id, rsValue(other.bytes)));
    expect([ids, idsOf(findings)]).toEqual([[genesis.id], [genesis.id]]);
    expect(findings).toMatchObject([{ kind: "left out" }]);
    using store = openStore();
    expect(store.getBlock(genesis.id)).toEqual(genesis);
  });

  test("whose genesis is stored as another block", () => {
    const { findings, ids } = takeOver(withBlock(entries, one.id, rsValue(genesis.bytes)));
    expect([ids, idsOf(findings)]).toEqual([[genesis.id], [one.id]]);
  });

  test("in which the bytes of a block are neither what was received nor what timestampvm-rs makes of it", () => {
    const { findings, ids } = takeOver(withBlock(entries, two.id, rsValue([...two.bytes, 0x20])));
    expect(ids).toEqual([genesis.id]);
    expect(findings).toEqual([{ kind: "left out", id: two.id, height: 2n, problem: "it is damaged" }]);
  });

  test.each([2n, 3n])("whose blocks name each other as parents, at heights 3 and %s", (height) => {
    const upper = createBlock({ ...three, parentId: two.id });
    const lower = createBlock({ ...two, height, parentId: three.id });
    const looped = withBlock(withBlock(entries, three.id, rsValue(upper.bytes)), two.id, rsValue(lower.bytes));
    const { findings, ids } = takeOver(looped);
    expect(ids).toEqual([genesis.id]);
    expect(findings.at(-1)).toMatchObject({ problem: "its height is not below that of its child" });
  });
});

describe("a chain ends before a block that breaks a rule:", () => {
  test("a timestamp before the parent's", () => {
    const late = childOf(one, "late", now + 1n);
    const early = childOf(late, "early", now);
    const { findings, ids } = takeOver(rsEntries([genesis, one, late, early, childOf(early)]));
    expect(ids).toEqual(idsOf([genesis, one, late]));
    const problem = `it breaks a rule: timestamp ${now} is before the parent's timestamp ${now + 1n}`;
    expect(findings).toEqual([{ kind: "left out", id: early.id, height: 3n, problem }]);
  });

  test("with more above it than one transaction takes", () => {
    const late = childOf(one, "late", now + 1n);
    const early = childOf(late, "early", now);
    const { findings, ids } = takeOver(rsEntries([genesis, one, late, early, ...chainOn(early, 700)]));
    expect(ids).toEqual(idsOf([genesis, one, late]));
    expect(findings).toMatchObject([{ kind: "left out", id: early.id }]);
  });

  test("a height that does not follow", () => {
    const jump = createBlock({ ...three, parentId: one.id });
    const { findings, ids } = takeOver(rsEntries([genesis, one, jump, childOf(jump)]));
    expect(ids).toEqual(idsOf([genesis, one]));
    const problem = "it breaks a rule: height 3 does not follow the parent's height 1";
    expect(findings).toEqual([{ kind: "left out", id: jump.id, height: 3n, problem }]);
  });

  test("but a time that our clock has not reached is none", () => {
    const future = childOf(one, "future", now + 1_000_000n);
    expect(takeOver(rsEntries([genesis, one, future])).findings).toEqual([]);
  });
});

/** Makes the file, with a chain. */
function fill(chain: readonly Block[]): void {
  using store = openStore();
  store.acceptAll(chain);
}

describe("the file", () => {
  test.each(["no marker", "a marker of before"])("that is left half-way counts as empty, for %s", (name) => {
    const chain = [genesis, ...chainOn(genesis, 1_000)];
    const { ids } = takeOver(rsEntries(chain));
    const before = { ...readMarker(), height: 900n, id: ids[900] ?? zeroId };
    const taking = TakeOver.open({ file, genesisBytes, head: ids.at(-1) ?? zeroId, marker: undefined });
    expect([...taking.part(now)]).toEqual([]);
    for (const { id, bytes } of chain.slice(300).reverse()) taking.add(id, rsValue(bytes));
    taking.close();
    expect(readMarker().height).toBe(1_000n);
    const { vm } = startVm({ file, marker: name === "no marker" ? undefined : before });
    expect(vm.lastAccepted.id).toBe(genesis.id);
    vm.close();
  });

  test("of this chain is replaced, whatever it holds", () => {
    fill([genesis, childOf(genesis, "another")]);
    expect(takeOver(rsEntries(blocks))).toMatchObject({ findings: [], ids: idsOf(blocks) });
  });

  test("of another chain is left as it is", () => {
    const other = createBlock({ ...genesis, data: bytesOf("another") });
    fill([other]);
    const refusal = refusalOf(() => TakeOver.open({ file, genesisBytes, head: four.id, marker: undefined }));
    expect(refusal).toMatchObject({
      code: "database failed",
      cure: "give each chain a chain data directory of its own",
    });
    expect(readIds()).toEqual([other.id]); // and it is free again
  });

  test("is synced when the marker may be written", () => {
    const taking = TakeOver.open({ file, genesisBytes, head: genesis.id, marker: undefined });
    expect([...taking.part(now)]).toEqual([]);
    taking.add(genesis.id, rsValue(genesis.bytes));
    const { id } = taking.finish();
    expect(id).toBe(genesis.id);
    expect(Bun.file(`${file}-wal`).size).toBe(0); // nothing is only in the log
    taking.close();
  });

  test("is not touched for a genesis that is none", () => {
    const open = () => TakeOver.open({ file, genesisBytes: bytesOf("{}"), head: four.id, marker: undefined });
    expect(refusalOf(open)?.code).toBe("malformed genesis");
    expect(existsSync(file)).toBe(false);
  });
});

describe("a file that the node's database knows keeps what timestampvm-rs has as well:", () => {
  /** Ours goes on from `two` with three blocks, and timestampvm-rs with others. */
  const ours = [childOf(two, "a"), childOf(childOf(two, "a"), "b"), childOf(childOf(childOf(two, "a"), "b"), "c")];
  const common = [genesis, one, two];
  const theirs = chainOn(two, 5);

  /** The data that waits for a block, the first one first. */
  function readWaiting(): string[] {
    using store = openStore();
    return [...store.proposals.readAll()].map(({ data }) => new TextDecoder().decode(data));
  }

  function takeOverAgain(chain: readonly Block[], entries: Entries = rsEntries(chain)) {
    return takeOver(entries, genesisBytes, readMarker());
  }

  test("the blocks below those that part them, and only these others are read", () => {
    fill([...common, ...ours]);
    const { parted, findings, ids, reads } = takeOverAgain([...common, ...theirs]);
    expect([ids, findings, reads]).toEqual([idsOf([...common, ...theirs]), [], theirs.length]);
    expect(parted).toEqual([{ from: 5n, to: 2n, id: ours[2]?.id ?? zeroId }]);
    expect(readWaiting()).toEqual(["a", "b", "c"]);
  });

  test("however large the blocks are: they go in stretches of some bytes", () => {
    const large = [...common];
    for (let i = 0; i < 10; i++) large.push(childOf(large.at(-1) ?? genesis, new Uint8Array(1_000_000).fill(i)));
    fill(large);
    const { parted, ids } = takeOverAgain([...common, ...theirs]);
    expect(ids).toEqual(idsOf([...common, ...theirs]));
    expect(parted).toEqual([
      { from: 12n, to: 4n, id: large[12]?.id ?? zeroId },
      { from: 4n, to: 2n, id: large[4]?.id ?? zeroId },
    ]);
  });

  test("what it carries itself does not wait, and what waited before comes behind", () => {
    fill([...common, ...ours]);
    {
      using store = openStore();
      const [data, carried] = [bytesOf("waits"), bytesOf("block 1 on 2")];
      for (const waiting of [data, carried])
        store.proposals.add([{ digest: digestOf(waiting), data: waiting, bytes: 1, since: now, peer: undefined }]);
    }
    takeOverAgain([...common, childOf(two, "b"), childOf(childOf(two, "b"), "d")]);
    expect(readWaiting()).toEqual(["a", "c", "waits", "block 1 on 2"]);
    takeOverAgain([...common, ...theirs]);
    expect(readWaiting()).toEqual(["b", "d", "a", "c", "waits"]);
  });

  test("all, where it only went on", () => {
    fill(common);
    const { parted, ids, reads } = takeOverAgain([...common, ...theirs]);
    expect([parted, ids, reads]).toEqual([[], idsOf([...common, ...theirs]), theirs.length]);
  });

  test("what it has, where it has less", () => {
    fill([...common, ...ours]);
    const { parted, ids, reads } = takeOverAgain(common);
    expect([ids, reads]).toEqual([idsOf(common), 0]);
    expect(parted).toMatchObject([{ from: 5n, to: 2n }]);
    expect(readWaiting()).toEqual(["a", "b", "c"]);
  });

  test("genesis, where no other block is common", () => {
    fill([...common, ...ours]);
    const others = [genesis, childOf(genesis, "x"), childOf(childOf(genesis, "x"), "y")];
    const { parted, ids } = takeOverAgain(others);
    expect([parted, ids]).toMatchObject([[{ from: 5n, to: 0n }], idsOf(others)]);
    expect(readWaiting()).toEqual(["block 0 on 0", "block 1 on 0", "a", "b", "c"]);
  });

  test("a block as it was received, of which it has another form", () => {
    const spaced = withSpace(childOf(one, "spaced"));
    const next = childOf(spaced, "next");
    fill([genesis, one, spaced, childOf(spaced, "ours")]);
    const again = withSpace(next);
    const chain = [genesis, one, spaced, again, childOf(again)];
    const { findings } = takeOverAgain(chain, encodedAgain(encodedAgain(rsEntries(chain), spaced), again));
    expect(findings).toEqual([{ kind: "re-encoded", id: again.id, height: 3n }]);
    using store = openStore();
    expect(store.getBlock(spaced.id)).toEqual(spaced);
  });

  test("a block as it was left, with what says so", () => {
    const spaced = withSpace(childOf(one, "spaced"));
    const chain = [genesis, one, spaced, childOf(spaced)];
    takeOver(encodedAgain(rsEntries(chain), spaced));
    const longer = [...chain, childOf(childOf(spaced))];
    const { ids, findings, reads } = takeOverAgain(longer, encodedAgain(rsEntries(longer), spaced));
    expect([ids, findings, reads]).toEqual([idsOf(longer), [], 1]);
  });

  test("all below a block that breaks a rule", () => {
    fill([...common, ...ours]);
    const early = childOf(two, "early", now - 1n);
    const { findings, ids } = takeOverAgain([...common, early, ...chainOn(early, 600)]);
    expect(findings).toMatchObject([{ kind: "left out", id: early.id, height: 3n }]);
    expect(ids).toEqual(idsOf(common));
    const late = childOf(two, "late", now + 1n);
    const back = childOf(late, "back");
    const second = takeOverAgain([...common, late, back, childOf(back)]);
    expect(second.findings).toMatchObject([{ kind: "left out", id: back.id, height: 4n }]);
    expect(second.ids).toEqual(idsOf([...common, late]));
  });

  describe("nothing is rewound where the search does not come down to it:", () => {
    const chain = [...common, ...theirs];
    const [lowest, second, , , top] = theirs as unknown as [Block, Block, Block, Block, Block];
    const other = createBlock({ ...genesis, data: bytesOf("another") });
    const entries = rsEntries(chain);
    const looped = (height: bigint) => rsValue(createBlock({ ...lowest, height, parentId: second.id }).bytes);
    test.each([
      ["without the head", withBlock(entries, top.id, undefined), top.id, "it is missing"],
      ["without a block between", withBlock(entries, second.id, undefined), second.id, "it is missing"],
      ["with a damaged block", withBlock(entries, second.id, rsValue([...second.bytes, 0x20])), second.id, "damaged"],
      [
        "with a value cut off",
        withBlock(entries, second.id, rsValue(second.bytes).slice(0, 99)),
        second.id,
        "not stored",
      ],
      ["with another genesis", rsEntries([other, ...chainOn(other, 9)]), other.id, `genesis ${genesis.id}`],
      ["in a loop upwards", withBlock(entries, lowest.id, looped(5n)), lowest.id, "not below that of its child"],
      ["in a loop", withBlock(entries, lowest.id, looped(3n)), second.id, "not below that of its child"],
    ])("%s", (_name, damaged, at, problem) => {
      fill([...common, ...ours]);
      const marker = readMarker();
      const refusal = refusalOf(() => takeOverAgain(chain, damaged)) as { problem?: string } | undefined;
      expect(refusal).toMatchObject({ code: "database failed", file });
      expect(refusal?.problem).toContain(`block ${at}: `);
      expect(refusal?.problem).toContain(problem);
      expect([readMarker(), readWaiting()]).toEqual([marker, []]);
      expect(takeOverAgain(chain).ids).toEqual(idsOf(chain)); // when it is whole again
    });

    test("but of genesis alone there is nothing to keep", () => {
      fill([genesis]);
      const { findings, ids } = takeOverAgain(chain, withBlock(entries, second.id, undefined));
      expect([findings, ids]).toMatchObject([[{ kind: "left out", id: second.id }], [genesis.id]]);
    });
  });

  test("nothing of another node's file, of which nothing waits either", () => {
    fill([...common, ...ours]);
    const marker = { ...readMarker(), instanceId: new Uint8Array(16) };
    const { parted, ids, reads } = takeOver(rsEntries([...common, ...theirs]), genesisBytes, marker);
    expect([parted, ids, reads]).toEqual([[], idsOf([...common, ...theirs]), 8]);
    expect(readWaiting()).toEqual([]);
  });

  test("and what waits keeps its order over more than one transaction", () => {
    const many = chainOn(two, 450);
    fill([...common, ...many]);
    const { parted } = takeOverAgain([...common, childOf(two, "other")]);
    expect(parted.map(({ from, to }) => [from, to])).toEqual([
      [452n, 252n],
      [252n, 52n],
      [52n, 2n],
    ]);
    expect(readWaiting()).toEqual(many.map(({ data }) => new TextDecoder().decode(data)));
  });

  test.each([0, 1, 2, 3])("and one that is left half-way, after %i steps, ends the same", (steps) => {
    const many = chainOn(two, 450);
    const chain = [...common, ...chainOn(childOf(two, "theirs"), 700)];
    chain.splice(3, 0, childOf(two, "theirs"));
    fill([...common, ...many]);
    const marker = readMarker();
    const taking = TakeOver.open({ file, genesisBytes, head: chain.at(-1)?.id ?? zeroId, marker });
    for (const { id, bytes } of chain.slice(3).reverse()) taking.search(id, rsValue(bytes));
    const parting = taking.part(now);
    for (let step = 0; step < steps; step++) parting.next();
    if (steps === 3) {
      expect(parting.next().done).toBe(true);
      for (const { id, bytes } of chain.slice(200).reverse()) taking.add(id, rsValue(bytes));
    }
    taking.close();
    const { ids } = takeOver(rsEntries(chain), genesisBytes, marker);
    expect(ids).toEqual(idsOf(chain));
    expect(readWaiting()).toEqual(many.map(({ data }) => new TextDecoder().decode(data)));
  });
});
