import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { idFromBytes } from "../../../src/avalanche/id.ts";
import { defaultConfig } from "../../../src/core/config.ts";
import { digestOf } from "../../../src/core/digest.ts";
import { parseHeadMarker } from "../../../src/plugin/head-marker.ts";
import { BlockStore } from "../../../src/store/block-store.ts";
import { openVm } from "../../../src/vm/open.ts";
import { childOf, genesisBytes, ownNode } from "../../support/chain.ts";
import { FakeClock } from "../../support/clock.ts";
import { runs } from "../../support/runs.ts";
import { callKinds, type Fault, noFailingDisk } from "./failing-disk.ts";
import { type Facts, factsOf, type History, type Step } from "./history.ts";
import { type Result, runTrials } from "./run-trials.ts";
import { storeHistory, upgradeHistory, upgradeWhereOld } from "./store-history.ts";
import { readStore } from "./store-steps.ts";
import type { Trial } from "./trial.ts";
import { vmHistory } from "./vm-history.ts";

/** After so many calls one fails in one of the ways; 0: each fails in each way. */
const everySoMany: Readonly<Record<Fault["calls"], number>> = {
  changes: runs(2, 0),
  syncs: runs(1, 0),
  reads: runs(3, 0),
  opens: runs(1, 0),
};

/** Ways to fail. Each is tried at each call that a history makes, and with each reaction to the refusal. */
const faults: readonly (Omit<Fault, "from" | "to"> & { readonly lasts: boolean })[] = [
  { calls: "opens", error: "EIO", torn: false, lasts: false },
  { calls: "opens", error: "ENOSPC", torn: false, lasts: true },
  { calls: "changes", error: "EIO", torn: false, lasts: false },
  { calls: "changes", error: "EIO", torn: false, lasts: true },
  { calls: "changes", error: "EIO", torn: true, lasts: false },
  { calls: "changes", error: "ENOSPC", torn: false, lasts: true },
  { calls: "changes", error: "ENOSPC", torn: true, lasts: true },
  { calls: "changes", error: "EROFS", torn: false, lasts: true },
  { calls: "syncs", error: "EIO", torn: false, lasts: false },
  { calls: "syncs", error: "ENOSPC", torn: false, lasts: true },
  { calls: "reads", error: "EIO", torn: false, lasts: false },
  { calls: "reads", error: "EIO", torn: false, lasts: true },
];
const reactions = ["stop", "try again"] as const;

async function trialsOf(history: string, calls: Fault["calls"]): Promise<readonly Trial[]> {
  const count = await countCalls(history, calls);
  const ways = faults
    .filter((fault) => fault.calls === calls)
    .flatMap((fault) => reactions.map((reaction) => ({ ...fault, reaction })));
  const all = Array.from({ length: count }, (_, i) =>
    ways.map(({ lasts, reaction, ...fault }): Trial => {
      return { fault: { ...fault, from: i + 1, to: lasts ? forever : i + 1 }, reaction };
    }),
  ).flat();
  return all.filter((_, i) => i % (ways.length * everySoMany[calls] + 1) === 0);
}

const forever = 2 ** 31 - 1;

async function countCalls(history: string, calls: Fault["calls"]): Promise<number> {
  const sound: Trial = { fault: { from: 0, to: 0, error: "EIO", torn: false, calls }, reaction: "stop" };
  const [result] = await Array.fromAsync(runTrials(history, [sound]));
  expect(result?.outcome).toMatchObject({ problems: [], failed: 0 });
  return result?.outcome.calls ?? 0;
}

interface Subject {
  readonly name: string;
  readonly history: (file: string) => History;
  /** Opens the file as a VM does under a node that knows `marker`, and leaves it again. */
  readonly visit: (file: string, marker: string) => void;
}

const subjects: readonly Subject[] = [
  { name: "store", history: storeHistory, visit: () => undefined },
  { name: "store of version 1", history: (file) => upgradeHistory(file, 1), visit: upgradeWhereOld },
  { name: "store of version 3", history: (file) => upgradeHistory(file, 3), visit: upgradeWhereOld },
  { name: "vm", history: vmHistory, visit: visitAsVm },
];

const skipped = noFailingDisk === undefined ? "" : ` (skipped: ${noFailingDisk})`;

describe.skipIf(noFailingDisk !== undefined).each(subjects)(`a $name on a failing disk${skipped}`, (subject) => {
  test.each(callKinds)(
    "refuses in our words when one of its %s fails, goes on once cured, and loses nothing",
    async (calls) => {
      const trials = await trialsOf(subject.name, calls);
      expect(trials.length, "the disk is between the process and its files").toBeGreaterThan(1);
      const { steps } = subject.history("");
      let refused = 0;
      for await (const result of runTrials(subject.name, trials)) {
        expectSound(result, steps, subject.visit);
        refused += result.outcome.problems.length;
      }
      expect(refused, "faults are felt").toBeGreaterThan(1);
    },
  );
});

function expectSound({ trial, outcome, fileOf }: Result, steps: readonly Step[], visit: Subject["visit"]): void {
  const { done, problems, marker } = outcome;
  const facts = factsOf(steps);
  const said = JSON.stringify({ trial, outcome });
  for (const problem of problems) {
    expect(problem, said).toMatchObject({ refusal: { code: "database failed", cure: expect.stringMatching(cures) } });
  }
  expect(problems.length, said).toBeLessThanOrEqual(1);
  if (trial.reaction === "try again") expect(done, said).toBe(steps.length);

  const expectHeld = (image: "killed" | "end", at: number, known: string) => {
    visit(fileOf(image), known);
    const before = facts[at] as Facts;
    expect((steps[at]?.afterRefusal(before) ?? [before]).map(sorted), said).toContainEqual(factsIn(fileOf(image)));
  };
  const [first] = problems;
  if (first !== undefined) expectHeld("killed", first.step, first.marker);
  expectHeld("end", done, marker);
}

/** Nobody is advised to delete anything: such a fault may go away. */
const cures = /^(check the disk and|free some disk space|make the file and its directory writable)/;

/** Reads all of the file, and makes sure that the chain in it goes on. */
function factsIn(file: string): Facts {
  const store = BlockStore.open(file);
  const read = readStore(store);
  if (read.chain.length > 0) {
    const next = childOf(store.lastAccepted(), "next");
    store.accept(next, digestOf(next.data));
  }
  store.close();
  using db = new Database(file);
  expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  const rows = db.query<{ key: Uint8Array }, []>("SELECT key FROM rejected").all();
  return sorted({ ...read, rejected: rows.map(({ key }) => idFromBytes(key.subarray(2))) });
}

function sorted({ chain, rejected, waiting }: Facts): Facts {
  return { chain, rejected: [...rejected].sort(), waiting: [...waiting].sort() };
}

function visitAsVm(file: string, marker: string): void {
  const options = { config: defaultConfig, clock: new FakeClock(), nodeId: ownNode, gossip: () => undefined };
  const opening = openVm({ file, genesisBytes, marker: parseHeadMarker(Uint8Array.fromHex(marker)), ...options });
  let next = opening.next();
  while (!next.done) next = opening.next();
  next.value.close();
}
