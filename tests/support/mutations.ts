// Tries the list of mutations in tests/README.md: makes each small change to the source, one at a time, and runs the
// tests that are to fail because of it. With a word as its argument, only the rows that contain it.

import { readFileSync, writeFileSync } from "node:fs";
import { type Mutation, readMutations } from "./mutation-list.ts";

/** A mutation may make a test run for ever. */
const maxRunMs = 600_000;

const word = process.argv[2] ?? "";
const mutations = readMutations().filter((mutation) => JSON.stringify(mutation).includes(word));
await expectGreen(new Set(mutations.flatMap(({ tests }) => tests)));
const survivors: Mutation[] = [];
for (const mutation of mutations) {
  const isKilled = await tryMutation(mutation);
  say(`${isKilled ? "killed  " : "SURVIVED"}  ${mutation.source}: ${mutation.text} → ${mutation.becomes}`);
  if (!isKilled) survivors.push(mutation);
}
say(`${mutations.length} mutations, ${survivors.length} survived`);
process.exit(survivors.length === 0 ? 0 : 1);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What fails in any case kills nothing. */
async function expectGreen(tests: ReadonlySet<string>): Promise<void> {
  for (const file of tests) if (await fails(file)) throw new Error(`${file} fails without a mutation`);
}

/** Whether each of its tests fails. The source is as before then. */
async function tryMutation({ source, text, becomes, tests }: Mutation): Promise<boolean> {
  const before = readFileSync(source, "utf8");
  expectUnchanged(source);
  const restore = () => writeFileSync(source, before);
  const interrupt = () => {
    restore();
    process.exit(130);
  };
  process.on("SIGINT", interrupt);
  try {
    writeFileSync(
      source,
      before.replace(text, () => becomes),
    );
    for (const file of tests) if (!(await fails(file))) return false;
    return true;
  } finally {
    restore();
    process.off("SIGINT", interrupt);
  }
}

/** What is not committed could be lost. */
function expectUnchanged(source: string): void {
  const { stdout } = Bun.spawnSync(["git", "status", "--porcelain", "--", source]);
  if (stdout.length > 0) throw new Error(`${source} has changes that are not committed`);
}

/** Whether some of its tests fail. What runs for ever shows nothing. */
async function fails(file: string): Promise<boolean> {
  const command = [process.execPath, "test", "--timeout=300000", "--bail", file];
  const run = Bun.spawn(command, { stdio: ["ignore", "ignore", "ignore"], timeout: maxRunMs, killSignal: "SIGKILL" });
  await run.exited;
  return run.signalCode === null && run.exitCode !== 0;
}
