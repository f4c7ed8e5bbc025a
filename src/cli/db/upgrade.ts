import type { CopyProgress } from "../../store/copy-chain.ts";
import { needsUpgrade } from "../../store/old-file.ts";
import { schemaVersion } from "../../store/schema.ts";
import { upgradeDatabase } from "../../store/upgrade.ts";
import type { Output } from "../terminal/output.ts";

/** Upgrades a database file of an older schema, and says so. Throws "database in use" or "database failed". */
export function upgradeIfOld(file: string, output: Output): void {
  if (!needsUpgrade(file)) return;
  watchCopy(upgradeDatabase(file), output);
  output.err(upgradedLine(file));
}

/** What people are told. */
export function upgradedLine(file: string): string {
  return `upgraded ${file} to schema ${schemaVersion}\n`;
}

/** Runs all steps, and shows how far they are. */
export function watchCopy<Made>(steps: Generator<CopyProgress, Made>, output: Output): Made {
  const progress = output.progress();
  try {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      progress.show(Number(step.value.blocks), Number(step.value.total));
    }
  } finally {
    progress.clear();
  }
}
