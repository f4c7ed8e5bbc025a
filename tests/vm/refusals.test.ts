import { describe, expect, test } from "bun:test";
import { zeroId } from "../../src/avalanche/id.ts";
import { maxDataBytes } from "../../src/core/proposal.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, bytesOf, childOf, genesis, now, propose, startVm } from "../support/chain.ts";
import type { Refusal } from "../support/refusal.ts";
import { refusalOf } from "../support/refusal.ts";

const [one, rival] = [childOf(genesis, "one"), childOf(genesis, "rival")];
const two = childOf(one, "two");
const stranger = childOf(two, "stranger");

interface Row {
  readonly refusal: Refusal;
  /** What happened before; one of the blocks above is accepted. */
  readonly given?: (vm: Vm) => void;
  readonly when: (vm: Vm) => unknown;
}

const rows: readonly Row[] = [
  {
    refusal: { code: "malformed block", problem: "expected an object or an array at byte 0" },
    when: (vm) => vm.parseBlock(bytesOf("no block")),
  },
  {
    refusal: { code: "malformed block", problem: "missing field `height`" },
    when: (vm) => vm.verifyBlock(bytesOf(`{"parent_id":"${zeroId}","timestamp":0,"data":""}`)),
  },
  {
    refusal: { code: "unknown parent", parentId: two.id },
    when: (vm) => vm.verifyBlock(stranger.bytes),
  },
  {
    refusal: { code: "wrong height", height: 3n, parentHeight: 1n },
    when: (vm) => vm.verifyBlock(childOf({ ...one, height: 2n }).bytes),
  },
  {
    refusal: { code: "timestamp before parent", timestamp: now - 1n, parentTimestamp: now },
    when: (vm) => vm.verifyBlock(childOf(one, "", now - 1n).bytes),
  },
  {
    refusal: { code: "future timestamp", timestamp: now + 3600n, now },
    when: (vm) => vm.verifyBlock(childOf(one, "", now + 3600n).bytes),
  },
  {
    refusal: { code: "height decided", height: 1n, lastAcceptedHeight: 1n },
    when: (vm) => vm.verifyBlock(rival.bytes),
  },
  {
    refusal: { code: "nothing to build" },
    when: (vm) => vm.buildBlock(),
  },
  {
    refusal: { code: "data too large", bytes: maxDataBytes + 1, maxBytes: maxDataBytes },
    when: (vm) => propose(vm, new Uint8Array(maxDataBytes + 1)),
  },
  {
    refusal: { code: "mempool full", items: 2, bytes: 6 },
    given: (vm) => ["abc", "def"].map((text) => propose(vm, text)),
    when: (vm) => propose(vm, "ghi"),
  },
  {
    refusal: { code: "not processing", id: two.id },
    when: (vm) => vm.acceptBlock(two.id),
  },
  {
    refusal: { code: "not processing", id: two.id },
    when: (vm) => vm.rejectBlock(two.id),
  },
  {
    refusal: { code: "already accepted", id: one.id },
    when: (vm) => vm.rejectBlock(one.id),
  },
  {
    refusal: { code: "already rejected", id: two.id },
    given: (vm) => {
      vm.verifyBlock(two.bytes);
      vm.rejectBlock(two.id);
    },
    when: (vm) => vm.acceptBlock(two.id),
  },
  {
    refusal: { code: "not next", id: stranger.id, parentId: two.id, lastAcceptedId: one.id },
    given: (vm) => [two, stranger].map(({ bytes }) => vm.verifyBlock(bytes)),
    when: (vm) => vm.acceptBlock(stranger.id),
  },
];

describe("the VM refuses", () => {
  test.each(rows.map((row) => [row.refusal.code, row] as const))("%s", (_code, { refusal, given, when }) => {
    const { vm } = startVm({ config: { maxMempoolItems: 2 } });
    acceptAll(vm, [one]);
    given?.(vm);
    const before = vm.status();
    expect(refusalOf(() => when(vm))).toEqual(refusal);
    expect(vm.status(), "a refusal changes nothing").toEqual(before);
    expect(
      refusalOf(() => when(vm)),
      "a second time too",
    ).toEqual(refusal);
  });
});
