import { describe, expect, spyOn, test } from "bun:test";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { bytesOf, decideNext, genesis, now, peer, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";

const peerOf = (n: number): NodeId => nodeIdFromBytes(new Uint8Array(20).fill(100 + n));
/** "x 0", "x 1", … */
const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i}`);

function propose(vm: Vm, caller: string, ...texts: readonly string[]): void {
  const refusals = vm.propose(texts.map((text) => ({ data: bytesOf(text), caller })));
  expect(refusals.filter((refusal) => refusal !== undefined)).toEqual([]);
}

function gossip(vm: Vm, from: NodeId, ...texts: readonly string[]): void {
  vm.addGossip(
    texts.map((text) => bytesOf(text)),
    from,
  );
}

const decideText = (vm: Vm) => new TextDecoder().decode(decideNext(vm).data);
const decide = (vm: Vm, blocks: number) => Array.from({ length: blocks }, () => decideText(vm));

/** The same, where no block is decided: each is verified and preferred, and the next one built on it. */
function preferNext(vm: Vm): string {
  const block = vm.verifyBlock(vm.buildBlock().bytes);
  vm.setPreference(block.id);
  return new TextDecoder().decode(block.data);
}

describe("a flood", () => {
  test("of one caller: others wait for one block of it, for any size of the flood", () => {
    const { vm } = startVm();
    propose(vm, "flood", ...many("flood", 4_000));
    propose(vm, "a", "a 0", "a 1");
    propose(vm, "b", "b 0");
    expect(decide(vm, 6)).toEqual(["flood 0", "a 0", "b 0", "flood 1", "a 1", "flood 2"]);
    propose(vm, "a", "a 2");
    expect(decide(vm, 3)).toEqual(["flood 3", "a 2", "flood 4"]);
  });

  test.each([1, 400])("of %d callers: a peer's proposal waits for one block of theirs", (callers) => {
    const { vm } = startVm();
    for (let n = 0; n < callers; n++) propose(vm, `flood ${n}`, ...many(`flood ${n}`, 5));
    decide(vm, 1);
    gossip(vm, peer, "theirs 0", "theirs 1");
    expect(decide(vm, 4).map((text) => text.startsWith("theirs"))).toEqual([false, true, false, true]);
  });

  test("of one peer: another peer's proposal waits for one block of it, besides those of clients", () => {
    const { vm } = startVm();
    gossip(vm, peer, ...many("flood", 200));
    gossip(vm, peerOf(1), "theirs");
    propose(vm, "a", ...many("a", 9));
    expect(decide(vm, 6)).toEqual(["flood 0", "a 0", "theirs", "a 1", "flood 1", "a 2"]);
  });

  test("of many peers: every second block is for clients, who take turns", () => {
    const { vm } = startVm();
    for (let n = 0; n < 50; n++) gossip(vm, peerOf(n), ...many(`flood of ${n}`, 20));
    propose(vm, "a", ...many("a", 9));
    propose(vm, "b", ...many("b", 9));
    const flood = (n: number) => `flood of ${n} 0`;
    expect(decide(vm, 8)).toEqual([flood(0), "a 0", flood(1), "b 0", flood(2), "a 1", flood(3), "b 1"]);
  });

  test("of many peers: an honest one's proposal waits until each has had one turn", () => {
    const { vm } = startVm();
    for (let n = 0; n < 50; n++) gossip(vm, peerOf(n), ...many(`flood of ${n}`, 20));
    gossip(vm, peer, "theirs");
    expect(decide(vm, 51).indexOf("theirs")).toBe(50);
  });
});

describe("whose turn it is", () => {
  test("is the same whether the preferred blocks are decided or not", () => {
    const start = () => {
      const { vm } = startVm();
      propose(vm, "a", ...many("a", 6));
      gossip(vm, peer, ...many("theirs", 3));
      propose(vm, "b", "b 0", "b 1");
      return vm;
    };
    const decided = decide(start(), 11);
    expect(decided.slice(0, 6)).toEqual(["theirs 0", "a 0", "theirs 1", "b 0", "theirs 2", "a 1"]);
    const vm = start();
    expect(decided.map(() => preferNext(vm))).toEqual(decided);
    expect(vm.lastAccepted.id, "nothing was decided").toBe(genesis.id);
  });

  test("does not move on when a proposal expires", () => {
    const { vm, clock } = startVm({ clock: new FakeClock(now), config: { proposalExpirySeconds: 60 } });
    propose(vm, "a", "a 0");
    clock.seconds += 1n;
    propose(vm, "a", "a 1");
    propose(vm, "b", "b 0");
    clock.seconds += 59n;
    clock.advanceMs(1_000);
    expect(decide(vm, 2)).toEqual(["a 1", "b 0"]);
  });

  test("is the client's for what a peer sent and the client proposes too, after the client's earlier proposals", () => {
    const { vm } = startVm();
    gossip(vm, peer, "shared", "theirs");
    propose(vm, "a", "a 0", "shared", "a 1");
    expect(decide(vm, 4)).toEqual(["theirs", "a 0", "shared", "a 1"]);
  });

  test("cannot be taken by a caller whose name looks like a peer's", () => {
    const { vm } = startVm();
    gossip(vm, peer, "theirs 0", "theirs 1");
    propose(vm, peer, "client 0");
    expect(decide(vm, 3)).toEqual(["theirs 0", "client 0", "theirs 1"]);
  });

  test("takes the same few steps with 10,000 owners as with one", () => {
    const looksWith = (owners: number) => {
      const { vm } = startVm({ config: { durability: "normal" } });
      vm.propose(many("x", owners).map((text) => ({ data: bytesOf(text), caller: text })));
      for (let i = 0; i < 3; i++) preferNext(vm);
      const looks = spyOn(Object.getPrototypeOf(new Map().values()), "next");
      vm.buildBlock();
      const { length } = looks.mock.calls;
      looks.mockRestore();
      return length;
    };
    const few = looksWith(4);
    expect(few).toBeGreaterThan(0);
    expect(looksWith(10_000)).toBe(few);
  });
});

describe("with stakes", () => {
  /** A VM that knows some validators by their weights. */
  function startWith(...weights: readonly (readonly [NodeId, bigint])[]): Vm {
    const { vm } = startVm();
    vm.setValidators(new Map(weights));
    return vm;
  }

  /** How many of so many blocks carry what begins so. */
  const countOf = (texts: readonly string[], ...names: readonly string[]) =>
    names.map((name) => texts.filter((text) => text.startsWith(name)).length);

  test("three quarters of peers' blocks are for validators, by weight, and a quarter for others, by node id", () => {
    const vm = startWith([peerOf(0), 1n], [peerOf(1), 2n]);
    for (const n of [0, 1, 2, 3]) gossip(vm, peerOf(n), ...many(`of ${n}`, 200));
    const counts = countOf(decide(vm, 320), "of 0", "of 1", "of 2", "of 3");
    expect(counts).toEqual([80, 160, 40, 40]);
  });

  test("every second block is still for clients, and each group of peers has its part of the others", () => {
    const vm = startWith([peerOf(0), 1n], [peerOf(1), 2n]);
    for (const n of [0, 1, 2, 3]) gossip(vm, peerOf(n), ...many(`of ${n}`, 200));
    propose(vm, "client", ...many("client", 400));
    const counts = countOf(decide(vm, 640), "client", "of 0", "of 1", "of 2", "of 3");
    expect(counts).toEqual([320, 80, 160, 40, 40]);
  });

  test("blocks that validators leave are for other peers, and the other way round", () => {
    const vm = startWith([peerOf(0), 1n], [peerOf(1), 1n]);
    gossip(vm, peerOf(2), ...many("of 2", 10));
    expect(countOf(decide(vm, 8), "of 2")).toEqual([8]);
    gossip(vm, peerOf(0), ...many("of 0", 10));
    expect(countOf(decide(vm, 8), "of 0", "of 2")).toEqual([6, 2]);
    expect(countOf(decide(vm, 4), "of 0")).toEqual([4]);
  });

  test.each([1, 10, 1_000])("a validator's proposal waits for its turn, beside %d liars", (liars) => {
    const vm = startWith([peer, 1n], [peerOf(0), 9n]);
    for (let n = 0; n < liars; n++) gossip(vm, liarOf(n), ...many(`lies of ${n}`, 20));
    let longest = 0;
    for (let round = 0; round < 20; round++) {
      gossip(vm, peer, `truth ${round}`);
      const text = `truth ${round}`;
      let waited = 1;
      while (decideText(vm) !== text) gossip(vm, liarOf(waited++ % liars), `another lie ${round} ${waited}`);
      longest = Math.max(longest, waited);
    }
    // A tenth of the stake: one of 16/(3/10) of peers' blocks; there are no clients.
    expect(longest).toBeLessThanOrEqual(54);
  });

  test("a validator's proposal comes in its own turn, even if a liar sent it first", () => {
    const vm = startWith([peer, 1n]);
    gossip(vm, liarOf(0), ...many("lie", 500), "truth");
    gossip(vm, peer, "truth");
    expect(decide(vm, 4)).toContain("truth");
    expect(vm.status().mempool.items, "it is one proposal").toBe(501 - 4);
  });

  test("only a validator can become another owner of a proposal", () => {
    const vm = startWith([peer, 1n]);
    gossip(vm, liarOf(0), "a 0", "a 1");
    gossip(vm, liarOf(1), "b 0", "a 1");
    expect(decide(vm, 3)).toEqual(["a 0", "b 0", "a 1"]);
  });

  test("turns go on when a node becomes a validator, or stops being one", () => {
    const { vm } = startVm();
    for (const n of [0, 1]) gossip(vm, peerOf(n), ...many(`of ${n}`, 100));
    expect(countOf(decide(vm, 8), "of 0", "of 1")).toEqual([4, 4]);
    vm.setValidators(new Map([[peerOf(0), 2n ** 64n - 1n]]));
    expect(countOf(decide(vm, 8), "of 0", "of 1")).toEqual([6, 2]);
    vm.setValidators(
      new Map([
        [peerOf(1), 1n],
        [peerOf(0), 0n],
      ]),
    );
    expect(countOf(decide(vm, 8), "of 0", "of 1")).toEqual([2, 6]);
    vm.setValidators(new Map());
    expect(countOf(decide(vm, 8), "of 0", "of 1")).toEqual([4, 4]);
  });

  test("with 10,000 validators, a turn takes as few steps as with one", () => {
    const looksWith = (validators: number) => {
      const { vm } = startVm({ config: { durability: "normal" } });
      vm.setValidators(new Map(Array.from({ length: validators }, (_, n) => [liarOf(n), 1n])));
      for (let n = 0; n < Math.min(validators, 500); n++) gossip(vm, liarOf(n), `of ${n} 0`, `of ${n} 1`, `of ${n} 2`);
      const looks = spyOn(Object.getPrototypeOf(new Map().values()), "next");
      vm.buildBlock();
      const { length } = looks.mock.calls;
      looks.mockRestore();
      return length;
    };
    expect(looksWith(10_000)).toBeLessThanOrEqual(looksWith(1) + 1);
  });
});

function liarOf(n: number): NodeId {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setUint32(4, n + 1);
  return nodeIdFromBytes(bytes);
}
