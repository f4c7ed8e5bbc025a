import { countOf } from "../../core/format.ts";
import { BlockReader } from "../../store/block-reader.ts";
import { curedAsOld } from "../../store/failures.ts";
import { needsUpgrade, type UpgradeBegin, type UpgradeStep } from "../../store/old-file.ts";
import { runSteps } from "../../store/run-steps.ts";
import { schemaVersion } from "../../store/schema.ts";
import { upgradeDatabase } from "../../store/upgrade.ts";
import type { Output } from "../terminal/output.ts";

/**
 * Upgrades a database file of an older schema, and says so. First runs `expectOurs` on the old file, which may throw,
 * since an upgrade cannot be undone. Throws "database in use" or "database failed".
 */
export function upgradeIfOld(file: string, expectOurs: (reader: BlockReader) => void, output: Output): void {
  if (!needsUpgrade(file)) return;
  readOld(file, expectOurs);
  watchCopy(upgradeDatabase(file), output);
  output.err(upgradedLine(file));
}

function readOld(file: string, work: (reader: BlockReader) => void): void {
  const reader = BlockReader.openAlone(file);
  try {
    work(reader);
  } catch (error) {
    throw curedAsOld(file, error);
  } finally {
    reader.close();
  }
}

/** The line that is printed after an upgrade. */
export function upgradedLine(file: string): string {
  return `upgraded ${file} to schema ${schemaVersion}\n`;
}

/** Runs all steps of an upgrade. Prints what it will do, and shows its progress. */
export function watchCopy<Made>(steps: Generator<UpgradeStep, Made>, output: Output): Made {
  const progress = output.progress();
  try {
    return runSteps(steps, (step) => {
      if ("fromSchema" in step) output.err(upgradingLine(step));
      else progress.show(Number(step.blocks), Number(step.total));
    });
  } finally {
    progress.clear();
  }
}

/** Printed first, since an upgrade may take a while. */
function upgradingLine({ file, fromSchema, total }: UpgradeBegin): string {
  const schemas = `from schema ${fromSchema} to ${schemaVersion}, which older releases cannot open`;
  return `upgrading ${file} ${schemas}: ${countOf(total, "block")}\n`;
}
