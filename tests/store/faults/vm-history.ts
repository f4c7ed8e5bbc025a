import type { Block } from "../../../src/core/block.ts";
import { defaultConfig } from "../../../src/core/config.ts";
import { digestOf } from "../../../src/core/digest.ts";
import { formatHeadMarker } from "../../../src/plugin/head-marker.ts";
import { openVm } from "../../../src/vm/open.ts";
import type { HeadMarker } from "../../../src/vm/rewind.ts";
import type { State } from "../../../src/vm/status.ts";
import type { Vm } from "../../../src/vm/vm.ts";
import { bytesOf, childOf, genesis, genesisBytes, ownNode, peer } from "../../support/chain.ts";
import { FakeClock } from "../../support/clock.ts";
import { type Facts, type History, killed, type Step, step } from "./history.ts";

/** The life of a VM under a node that remembers each acknowledged accept. */
export function vmHistory(file: string): History {
  const clock = new FakeClock();
  let vm: Vm | undefined;
  let marker: HeadMarker | undefined;
  const its = (): Vm => {
    if (vm === undefined) throw new Error("not open");
    return vm;
  };
  const open = step("open", () => {
    vm = undefined;
    const config = { ...defaultConfig, proposalExpirySeconds: Number(expirySeconds) };
    const opening = openVm({ file, genesisBytes, marker, config, clock, nodeId: ownNode, gossip: () => undefined });
    let next = opening.next();
    while (!next.done) next = opening.next();
    vm = next.value;
    marker = vm.headMarker;
  });
  /** Opening makes a chain, at whatever time. */
  const openFirst: Step = { ...open, after: withGenesis, afterRefusal: (before) => [withGenesis(before)] };
  const close = step("close", () => its().close());
  const die = step("die", () => killed(file, () => its().close()));
  const enter = (state: State) => step(state, () => its().setState(state));
  const verify = (...blocks: readonly Block[]) =>
    step(`verify ${blocks.map(({ height }) => height)}`, () => {
      for (const { bytes } of blocks) its().verifyBlock(bytes);
    });
  const accept = (block: Block): Step => {
    const digest = digestOf(block.data);
    const run = () => {
      its().acceptBlock(block.id);
      marker = its().headMarker;
    };
    return {
      ...step(`accept ${block.height}`, run, ({ chain, rejected, waiting }) => ({
        chain: [...chain, block.id],
        rejected,
        waiting: waiting.filter((other) => other !== digest),
      })),
      // What the node does not know is rewound, and the data waits: where the block was in the file, and anyone's.
      afterRefusal: (before) => [before, { ...before, waiting: [...new Set([...before.waiting, digest])] }],
    };
  };
  const reject = (block: Block) =>
    step(
      `reject at ${block.height}`,
      () => its().rejectBlock(block.id),
      (before) => ({ ...before, rejected: [...before.rejected, block.id] }),
    );
  /** Of those that have lost, that is written down in the background, and the node rejects them as well. */
  const rejectLost = (...lost: readonly Block[]): Step => {
    const run = () => {
      clock.advanceMs(10);
      for (const { id } of lost) its().rejectBlock(id);
    };
    const after = (before: Facts, count = lost.length): Facts => {
      return { ...before, rejected: [...before.rejected, ...lost.slice(0, count).map(({ id }) => id)] };
    };
    return { ...step("reject the lost", run, after), afterRefusal: (before) => [0, 1, 2].map((n) => after(before, n)) };
  };
  const propose = (...texts: readonly string[]) =>
    step(
      `propose ${texts}`,
      () => {
        for (const refusal of its().propose(texts.map(submissionOf))) if (refusal !== undefined) throw refusal;
      },
      waitFor(texts),
    );
  const gossip = (...texts: readonly string[]) =>
    step(`gossip ${texts}`, () => its().addGossip(texts.map(bytesOf), peer), waitFor(texts));
  const build = (wanted: Block) =>
    step(`build ${wanted.height}`, () => {
      const { id } = its().verifyBlock(its().buildBlock().bytes);
      if (id !== wanted.id) throw new Error(`built ${id} instead of ${wanted.id}`);
      its().setPreference(id);
    });
  /** The VM looks after what waits, and says how it is. */
  const pass = (seconds: bigint, after?: Step["after"]) => {
    let until: bigint | undefined;
    return step(
      `a tick after ${seconds} s`,
      () => {
        until ??= clock.seconds + seconds;
        clock.seconds = until;
        clock.advanceMs(1_000);
        its().checkHealth();
      },
      after,
    );
  };
  /** Every block, from both ends. */
  const read = step("read", ({ chain, waiting }) => {
    const ids = its()
      .getAncestors(chain.at(-1) ?? genesis.id, { maxBlocks: 1_000, maxBytes: 1e9, maxMs: 1e9 })
      .map(({ id }) => id);
    const byHeight = chain.map((_, height) => its().getBlockIdAtHeight(BigInt(height)));
    const { items } = its().status().mempool;
    if (!Bun.deepEquals([ids.reverse(), byHeight, items], [chain, chain, waiting.length]))
      throw new Error("read wrong");
  });

  const one = childOf(genesis, "one");
  const two = childOf(one, "two");
  const three = childOf(two, "three");
  const rivals = ["a", "b"].map((text) => childOf(two, `rival ${text}`));
  const four = childOf(three, large);
  const five = childOf(four, "five");
  const rival = childOf(four, "rival");
  const six = childOf(five, "six");
  return {
    steps: [
      ...[openFirst, enter("bootstrapping"), verify(one), accept(one), enter("normal operation")],
      ...[
        propose("two", "three"),
        build(two),
        accept(two),
        build(three),
        verify(...rivals),
        accept(three),
        rejectLost(...rivals),
      ],
      ...[pass(0n), die, open, read, propose(large, "six"), enter("normal operation"), gossip("five"), pass(0n)],
      ...[build(four), accept(four), verify(rival), reject(rival), build(five), close, open, verify(five)],
      ...[accept(five), enter("normal operation"), read, build(six), propose("late"), accept(six)],
      ...[pass(expirySeconds, (before) => ({ ...before, waiting: [] })), read, close],
    ],
    leave: () => vm?.close(),
    marker: () => (marker === undefined ? "" : formatHeadMarker(marker).toHex()),
  };
}

function submissionOf(text: string) {
  return { data: bytesOf(text), caller: text };
}

const withGenesis: Step["after"] = (before) => ({ ...before, chain: [genesis.id] });

function waitFor(texts: readonly string[]): Step["after"] {
  const digests = texts.map((text) => digestOf(bytesOf(text)));
  return (before) => ({ ...before, waiting: [...before.waiting, ...digests] });
}

const expirySeconds = 3_600n;
/** On pages of its own. */
const large = "large ".repeat(2_000);
