import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryDirectory } from "../support/temporary.ts";
import { environment, printedBy, Running } from "./running.ts";
import { comparable, fencedIn, isSession, readDocument, root, type Step, stepsIn } from "./sessions.ts";

const blocks = fencedIn(readDocument("docs/tutorial.md"));
const bun = process.execPath;

test("the code of the tutorial is the example", () => {
  expect(codeOf("counter.ts")).toBe(readFileSync(join(root, "examples/counter/counter.ts"), "utf8"));
});

test("the test that the tutorial shows passes", async () => {
  using directory = temporaryDirectory();
  mkdirSync(directory.file("node_modules"));
  symlinkSync(root, directory.file("node_modules/timestampvm"));
  for (const name of ["counter.ts", "counter.test.ts"]) writeFileSync(directory.file(name), codeOf(name));
  const command = [bun, "test", "--timeout=300000", "--test-name-pattern", "crash|protocol (16|46)"];
  const { stderr } = Bun.spawn(command, { cwd: directory.path, stdio: ["ignore", "ignore", "pipe"] });
  expect(await stderr.text()).toContain("\n 3 pass\n 29 filtered out\n 0 fail\n");
});

// It needs Go, and packages of the registry: `make node-test` sets the variable.
test.skipIf(process.env.TUTORIAL === undefined)(
  "what the tutorial shows is what one sees, from an empty folder to accepted blocks",
  async () => {
    using directory = temporaryDirectory();
    symlinkSync(root, directory.file("timestampvm"));
    const steps = blocks.flatMap(stepsOf);
    const start = steps.findIndex(({ command }) => / network /.test(command));
    const before = steps.slice(0, start);
    const [network, ...asked] = steps.slice(start);

    const printed = await runInOrder(before, directory.path);
    for (const [i, { command, output }] of before.entries()) expectShown(printed[i], output, command);
    await using running = new Running(network?.command ?? "", directory.file("counter"));
    const lines = await running.line(/Ctrl-C/);
    expectShown(lines, network?.output ?? "", "the network");
    for (const step of asked) {
      expect(await answerTo(step, realNames(network?.output ?? "", lines)), step.command).toBe(step.output);
    }
    expect(await running.end()).toContain("Stopped. Nothing is left behind.");
  },
  30 * 60_000,
);

/** The blocks of a file in their order, each one blank line behind the one before it. */
function codeOf(name: string): string {
  return blocks
    .filter(({ info }) => info === `ts ${name}`)
    .map(({ text }) => text)
    .join("\n");
}

/** What a reader does with a block: types it into a terminal, or into a file when its first part comes. */
function stepsOf(block: (typeof blocks)[number]): Step[] {
  if (isSession(block)) return stepsIn(block);
  const [, name] = /^ts (\S+)$/.exec(block.info) ?? [];
  if (name === undefined || blocks.find(({ info }) => info === block.info) !== block) return [];
  return [{ command: `cat > ${name} <<'END OF FILE'\n${codeOf(name)}END OF FILE`, output: "" }];
}

/** As in a terminal, both streams are printed. Throws, with all that was printed, when a command fails. */
async function runInOrder(steps: readonly Step[], cwd: string): Promise<string[]> {
  const commands = steps.map(({ command }) => command);
  const printed = await printedBy(["set -e", ...commands], { cwd, env: environment() });
  if (printed.length !== commands.length + 2) throw new Error(printed.join("\n"));
  return printed.slice(1);
}

/** That output has what is shown, in the same order. "…" stands for what is not shown; without a line, nothing is. */
function expectShown(printed = "", shown: string, what: string): void {
  let rest = comparable(printed);
  for (const part of shown.split("…").map(comparable)) {
    expect(rest, what).toContain(part);
    rest = rest.slice(rest.indexOf(part) + part.length);
  }
}

/** What stands for the addresses and the chain that the tutorial shows. */
function realNames(shown: string, printed: string): Map<string, string> {
  const names = (text: string) => text.match(/\b127\.0\.0\.1:\d+|(?<=^Chain )\w+/gm) ?? [];
  const real = names(printed);
  return new Map(names(shown).map((name, i) => [name, real[i] ?? ""]));
}

/** Asks as a reader does: again, for as long as the block is on its way. */
async function answerTo({ command, output }: Step, names: ReadonlyMap<string, string>): Promise<string> {
  const asked = [...names].reduce((text, [shown, real]) => text.replaceAll(shown, real), command);
  for (let tries = 1; ; tries++) {
    const [printed = ""] = await printedBy([asked], { cwd: root, env: environment() });
    if (printed.trim() === output || asked.includes("POST") || tries === 600) return printed.trim();
    await sleep(100);
  }
}
