import { CommandFailed, wrongUse } from "../command-failed.ts";
import { failureOf } from "../failure.ts";
import type { Output } from "../terminal/output.ts";

/**
 * Does the work of a command. With `json`, a failure also gives an object with `error`, as that of one of several files
 * does: a program that reads standard output learns why there is nothing else. Wrong use gives none.
 */
export async function orFailureAsJson(
  json: boolean | undefined,
  output: Output,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const [line] = failureOf(error)?.split("\n") ?? [];
    const isWrongUse = error instanceof CommandFailed && error.exitCode === wrongUse;
    if (json && line && !isWrongUse) output.json({ error: line });
    throw error;
  }
}
