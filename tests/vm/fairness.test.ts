import { describe, expect, spyOn, test } from "bun:test";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, bytesOf, childOf, decideNext, genesis, now, peer, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { temporaryDirectory } from "../support/temporary.ts";

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

const nextText = (vm: Vm) => new TextDecoder().decode(vm.buildBlock().data);
const decideText = (vm: Vm) => new TextDecoder().decode(decideNext(vm).data);
const decide = (vm: Vm, blocks: number) => Array.from({ length: blocks }, () => decideText(vm));

/** The same, where no block is decided: each is verified and preferred, and the next one built on it. */
function preferNext(vm: Vm): string {
  const block = vm.verifyBlock(vm.buildBlock().bytes);
  vm.setPreference(block.id);
  return new TextDecoder().decode(block.data);
}

describe("a flood", () => {
  test("of one caller: others wait for one block of it, however much it is", () => {
    const { vm } = startVm();
    propose(vm, "flood", ...many("flood", 4_000));
    propose(vm, "a", "a 0", "a 1");
    propose(vm, "b", "b 0");
    expect(decide(vm, 6)).toEqual(["flood 0", "a 0", "b 0", "flood 1", "a 1", "flood 2"]);
    propose(vm, "a", "a 2");
    expect(decide(vm, 3)).toEqual(["flood 3", "a 2", "flood 4"]);
  });

  test("of one caller: a peer's proposal waits for two blocks", () => {
    const { vm } = startVm();
    propose(vm, "flood", ...many("flood", 4_000));
    gossip(vm, peer, "theirs");
    expect(decide(vm, 4)).toEqual(["flood 0", "flood 1", "theirs", "flood 2"]);
  });

  test("of one peer: another peer's proposal waits for one of it, beside what clients have", () => {
    const { vm } = startVm();
    gossip(vm, peer, ...many("flood", 200));
    gossip(vm, peerOf(1), "theirs");
    propose(vm, "a", ...many("a", 9));
    expect(decide(vm, 6)).toEqual(["flood 0", "a 0", "theirs", "a 1", "flood 1", "a 2"]);
  });

  test("of many peers: every second block is for clients, who go round", () => {
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
  test("is the same until something comes or goes, and nobody loses it to one who comes", () => {
    const { vm } = startVm();
    propose(vm, "a", "a 0", "a 1");
    const built = vm.buildBlock();
    expect([1, 2, 3].map(() => vm.buildBlock().id)).toEqual([built.id, built.id, built.id]);
    propose(vm, "b", "b 0");
    gossip(vm, peer, "theirs");
    propose(vm, "a", "a 2");
    expect(vm.buildBlock().id).toBe(built.id);
  });

  test("is the same whether what the preferred blocks carry is decided or not", () => {
    const start = () => {
      const { vm } = startVm();
      propose(vm, "a", ...many("a", 6));
      gossip(vm, peer, ...many("theirs", 3));
      propose(vm, "b", "b 0", "b 1");
      return vm;
    };
    const decided = decide(start(), 11);
    expect(decided.slice(0, 6)).toEqual(["a 0", "b 0", "theirs 0", "a 1", "b 1", "a 2"]);
    const vm = start();
    expect(decided.map(() => preferNext(vm))).toEqual(decided);
    expect(vm.lastAccepted.id, "nothing was decided").toBe(genesis.id);
  });

  test("is still an owner's whose block was rejected: the proposal comes again, first", () => {
    const { vm } = startVm();
    propose(vm, "a", "a 0", "a 1");
    propose(vm, "b", "b 0");
    const block = vm.verifyBlock(vm.buildBlock().bytes);
    vm.setPreference(block.id);
    expect(nextText(vm)).toBe("b 0");
    acceptAll(vm, [childOf(genesis, "of another node")]);
    vm.rejectBlock(block.id);
    expect(decide(vm, 3)).toEqual(["a 0", "b 0", "a 1"]);
  });

  test("goes on where a block of another node carries a proposal", () => {
    const { vm } = startVm();
    propose(vm, "a", "a 0", "a 1");
    propose(vm, "b", "b 0");
    acceptAll(vm, [childOf(genesis, "a 1")]);
    expect(decide(vm, 2)).toEqual(["b 0", "a 0"]);
  });

  test("does not go on where a proposal expires", () => {
    const { vm, clock } = startVm({ clock: new FakeClock(now), config: { proposalExpirySeconds: 60 } });
    propose(vm, "a", "a 0");
    clock.seconds += 1n;
    propose(vm, "a", "a 1");
    propose(vm, "b", "b 0");
    clock.seconds += 59n;
    clock.advanceMs(1_000);
    expect(decide(vm, 2)).toEqual(["a 1", "b 0"]);
  });

  test("is that of the client who proposes what a peer brought, behind what is the client's already", () => {
    const { vm } = startVm();
    gossip(vm, peer, "shared", "theirs");
    propose(vm, "a", "a 0", "shared", "a 1");
    expect(decide(vm, 4)).toEqual(["theirs", "a 0", "shared", "a 1"]);
  });

  test("is after a restart that of all clients from before together, in their order", () => {
    using directory = temporaryDirectory();
    const file = directory.file("chain.db");
    const first = startVm({ file }).vm;
    propose(first, "a", "a 0", "a 1");
    propose(first, "b", "b 0", "b 1");
    gossip(first, peer, "theirs");
    const marker = first.headMarker;
    first.close();
    const { vm } = startVm({ file, marker });
    propose(vm, "a", "a 2");
    propose(vm, "nobody", "nobody 0");
    expect(decide(vm, 7)).toEqual(["a 0", "a 2", "theirs", "nobody 0", "a 1", "b 0", "b 1"]);
    vm.close();
  });

  test("is no other's by a name that looks like a peer's", () => {
    const { vm } = startVm();
    gossip(vm, peer, "theirs 0", "theirs 1");
    propose(vm, peer, "client 0");
    expect(decide(vm, 3)).toEqual(["theirs 0", "client 0", "theirs 1"]);
  });

  test("costs the same few looks with 10,000 owners as with one", () => {
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
