import { expect, test } from "bun:test";
import { cpSync, existsSync } from "node:fs";
import type { Block } from "../../src/core/block.ts";
import type { HeadMarker } from "../../src/vm/rewind.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { acceptAll, decideNext, propose, startVm } from "../support/chain.ts";
import { runs } from "../support/runs.ts";
import { memoryDirectory } from "../support/temporary.ts";

// A power cut leaves each of two databases at some moment of its past: our file, and the node's. A restored backup of
// either is the same. So: every pair of moments of one run, and what opening makes of it.

const height = 50;
/** A short run looks at one of so many: a number that is prime to the side of the square of all pairs. */
const stride = runs(40, 1);
/** No test pulls the plug: the copies stand for that. */
const config = { durability: "normal" } as const;

interface Moment {
  readonly file: string;
  readonly marker: HeadMarker;
  /** What clients had an answer for: it is taken. */
  readonly acknowledged: readonly string[];
}

interface Run {
  readonly moments: readonly Moment[];
  readonly blocks: readonly Block[];
}

/** Lets a chain grow, two proposals for one block, and keeps a copy of the file at each height. */
function record(directory: { file(name: string): string }, name: string): Run {
  const file = directory.file(`${name}.db`);
  const { vm } = startVm({ file, config });
  const moments: Moment[] = [];
  const blocks: Block[] = [];
  const acknowledged: string[] = [];
  for (let at = 0; at <= height; at++) {
    if (at > 0) blocks.push(decideNext(vm));
    for (const text of [`${name} ${at} a`, `${name} ${at} b`]) {
      propose(vm, text);
      acknowledged.push(text);
    }
    if (at % 7 === 0) vm.setState("normal operation"); // moves the log into the file
    const copy = directory.file(`${name}-${at}.db`);
    copyFile(file, copy);
    moments.push({ file: copy, marker: vm.headMarker, acknowledged: [...acknowledged] });
  }
  vm.close();
  return { moments, blocks };
}

/** As it lies on the disk, log and all. */
function copyFile(from: string, to: string): void {
  for (const end of ["", "-wal"]) if (existsSync(`${from}${end}`)) cpSync(`${from}${end}`, `${to}${end}`);
}

function textsOf(blocks: readonly Block[]): string[] {
  return blocks.map(({ data }) => new TextDecoder().decode(data));
}

/** Builds until nothing waits. */
function decideAll(vm: Vm): string[] {
  const blocks: Block[] = [];
  while (vm.status().mempool.items > 0) blocks.push(decideNext(vm));
  return textsOf(blocks);
}

test("databases of two moments start at a block that both know; no acknowledged proposal is lost or doubled", () => {
  using directory = memoryDirectory();
  const { moments, blocks } = record(directory, "ours");
  let pairs = 0;
  for (const [ours, { file, acknowledged }] of moments.entries()) {
    for (const [nodes, { marker }] of moments.entries()) {
      if ((ours * moments.length + nodes) % stride !== 0) continue;
      const copy = directory.file(`pair-${pairs++}.db`);
      copyFile(file, copy);
      const { vm } = startVm({ file: copy, marker, config });
      const known = Math.min(ours, nodes);
      expect(vm.lastAccepted.height, `our ${ours}, the node's ${nodes}`).toBe(BigInt(known));
      if (pairs % 2 === 0) acceptAll(vm, blocks.slice(known)); // peers have the rest; otherwise nobody has
      const onChain = textsOf(blocks.slice(0, Number(vm.lastAccepted.height)));
      const found = [...onChain, ...decideAll(vm)];
      expect(acknowledged.filter((text) => !found.includes(text))).toEqual([]);
      expect(new Set(found).size, "none is there twice").toBe(found.length);
      vm.close();
    }
  }
  expect(pairs).toBeGreaterThanOrEqual((moments.length ** 2 - 1) / stride);
});

test.each(["wiped", "another node's"])("a database of the node that is %s leaves what waits, and no more", (kind) => {
  using directory = memoryDirectory();
  const { moments, blocks } = record(directory, "ours");
  for (const [at, { file, acknowledged, marker }] of moments.entries()) {
    if (at % 7 !== 1) continue;
    const copy = directory.file(`${kind}-${at}.db`);
    copyFile(file, copy);
    const foreign = { ...marker, instanceId: new Uint8Array(16) };
    const { vm } = startVm({ file: copy, config, marker: kind === "wiped" ? undefined : foreign });
    expect(vm.lastAccepted.height).toBe(0n);
    const decided = textsOf(blocks.slice(0, at));
    expect(decideAll(vm)).toEqual(acknowledged.filter((text) => !decided.includes(text)));
    vm.close();
  }
});

test("chain data of another node on the same chain starts at genesis, and follows the chain again", () => {
  using directory = memoryDirectory();
  const { moments, blocks } = record(directory, "ours");
  const theirs = directory.file("theirs.db");
  const other = startVm({ file: theirs, config }).vm;
  acceptAll(other, blocks.slice(0, 30));
  propose(other, "waits there");
  other.close();
  for (const { marker } of moments.slice(1).filter((_, i) => i % 7 === 0)) {
    const copy = directory.file(`swapped-${marker.height}.db`);
    copyFile(theirs, copy);
    const { vm } = startVm({ file: copy, marker, config });
    expect(vm.lastAccepted.height).toBe(0n);
    acceptAll(vm, blocks);
    expect(decideAll(vm)).toEqual(["waits there"]);
    vm.close();
  }
});

test("wiped chain data start at genesis, whatever the node knows", () => {
  using directory = memoryDirectory();
  const { moments, blocks } = record(directory, "ours");
  for (const { marker } of moments.filter((_, i) => i % 7 === 0)) {
    const { vm, rewound } = startVm({
      file: directory.file(`wiped-${marker.height}.db`),
      marker,
      config,
    });
    expect([vm.lastAccepted.height, rewound]).toEqual([0n, []]);
    acceptAll(vm, blocks.slice(0, 3));
    vm.close();
  }
});
