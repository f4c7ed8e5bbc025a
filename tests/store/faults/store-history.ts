import type { Block } from "../../../src/core/block.ts";
import { needsUpgrade } from "../../../src/store/old-file.ts";
import { upgradeDatabase } from "../../../src/store/upgrade.ts";
import { chainOn, childOf, genesis } from "../../support/chain.ts";
import { makeOldFile, type OldVersion } from "../../support/old-file.ts";
import { type Facts, type History, type Step, step } from "./history.ts";
import { storeSteps } from "./store-steps.ts";

/** Everything that a store does. */
export function storeHistory(file: string): History {
  const steps = storeSteps(file);
  const { open, close, die, read, checkpoint, full, normal, accept, reject, rejectAll, propose, rewind, leave } = steps;
  const one = childOf(genesis, "one");
  const rivals = ["a", "b", "c"].map((text) => childOf(genesis, `rival ${text}`));
  const [a, b, c] = rivals as [Block, Block, Block];
  const two = childOf(one, "two");
  const large = childOf(two, new Uint8Array(10_000)); // on pages of its own
  const four = childOf(large, "four");
  const other = childOf(two, "other");
  return {
    steps: [
      ...[
        open,
        accept(genesis),
        propose("one", "two"),
        normal,
        reject(c),
        accept(one),
        rejectAll(a, b),
        full,
        checkpoint,
      ],
      ...[propose("four"), accept(two), accept(large), die, open, read, propose("five"), accept(four), rewind(2)],
      ...[accept(other), normal, accept(childOf(other, "five")), die, open, read, checkpoint, propose("six"), close],
      ...[open, read, close],
    ],
    leave,
    marker: () => "",
  };
}

/** A file that an older version of this program wrote is upgraded, and a store takes it up. */
export function upgradeHistory(file: string, version: OldVersion): History {
  const { open, close, die, read, accept, propose, leave } = storeSteps(file);
  const chain = [genesis, ...chainOn(genesis, 3)] as const;
  const rival = childOf(genesis, "rival");
  const next = childOf(chain.at(-1) as Block, "next");
  const found = (): Facts => ({ chain: chain.map(({ id }) => id), rejected: [rival.id], waiting: [] });
  const upgrade: Step = {
    ...step("upgrade", () => upgradeWhereOld(file), found),
    afterRefusal: () => [found()],
  };
  return {
    prepare: () => makeOldFile(file, version, { accepted: chain, rejected: [rival] }),
    steps: [upgrade, open, read, propose("next", "another"), accept(next), die, open, read, close],
    leave,
    marker: () => "",
  };
}

export function upgradeWhereOld(file: string): void {
  if (needsUpgrade(file)) for (const _ of upgradeDatabase(file));
}
