import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { printedBy } from "./running.ts";
import {
  comparable,
  documents,
  type Fenced,
  fencedIn,
  isSession,
  readDocument,
  root,
  type Step,
  stepsIn,
} from "./sessions.ts";
import { makeHome, type Setting, settings } from "./settings.ts";

/** Sessions with tests of their own, which need Go: by their fences, or all of a document. */
const runElsewhere = { settings: ["network"], documents: ["docs/tutorial.md"] } as const;
/** How the fence of a session begins that is run by a test. */
const console = "console ";

describe("every command whose output is shown is run by a test", () => {
  const known = [...Object.keys(settings), ...runElsewhere.settings].map((name) => console + name);

  test.each(documents.filter((path) => !runElsewhere.documents.some((other) => other === path)))("in %s", (path) => {
    for (const block of fencedIn(readDocument(path))) {
      if (isSession(block) && stepsIn(block).some(({ output }) => output !== "")) expect(known).toContain(block.info);
      if (block.info.startsWith("console")) expect(isSession(block), block.text).toBeTrue();
    }
  });

  test("elsewhere", () => {
    expect(readFileSync(join(root, "tests/documents/network.binary.test.ts"), "utf8")).toContain(`"console network"`);
    expect(readFileSync(join(root, "tests/documents/tutorial.binary.test.ts"), "utf8")).toContain("docs/tutorial.md");
  });
});

const runs = documents.flatMap((path) => {
  const fenced = fencedIn(readDocument(path));
  return Object.keys(settings).flatMap((name) => {
    const blocks = fenced.filter(({ info }) => info === console + name);
    return blocks.length === 0 ? [] : [[path, name, blocks] as const];
  });
});

test.each(runs)("%s shows what one sees, %s", async (_, name, blocks) => {
  using home = makeHome();
  await using setting = await settings[name]?.(home.path);
  if (setting === undefined) throw new Error(`no setting ${name}`);
  await expectSeen(blocks, setting, home);
});

test("the commands in the sentences of the README run as they are written", async () => {
  using home = makeHome();
  await using dev = await settings.dev?.(home.path);
  const readme = readDocument("README.md");
  const sessions = fencedIn(readme).filter(({ info }) => info === "console dev");
  const shown = sessions.flatMap(stepsIn).filter((step) => !isStart(step));
  const named = [...readme.matchAll(/`((?:build\/)?timestampvm [^`]+)`/g)].map(([, command = ""]) => command);
  const commands = named.filter((command) => !command.includes("TEXT"));
  const known =
    'ID=$(timestampvm stamp --text "a later block" --json | grep -o \'"block":{"id":"[^"]*\' | cut -d\'"\' -f6)';
  const asTyped = commands.map((command) => `${command.replace(/ ID$/, ' "$ID"')}\necho "exit $?"`);
  const script = [...shown.map(({ command }) => command), known, ...asTyped];
  const printed = await printedBy(script, { cwd: home.path, env: { ...home.env, ...dev?.env } });
  expect(commands.length).toBeGreaterThan(2);
  for (const [i, command] of commands.entries()) {
    expect(printed[shown.length + 1 + i]?.trimEnd(), command).toEndWith("exit 0");
  }
});

/** What the setting itself has done. */
function isStart({ command }: Step): boolean {
  return command === "make run";
}

async function expectSeen(blocks: readonly Fenced[], setting: Setting, home: ReturnType<typeof makeHome>) {
  const all = blocks.flatMap(stepsIn);
  const steps = all.filter((step) => !isStart(step));
  const commands = steps.map(({ command }) => asTyped(command, setting));
  const printed = await printedBy(commands, { cwd: home.path, env: { ...home.env, ...setting.env } });
  for (const [i, { command, output }] of steps.entries()) {
    expect(asShown(printed[i] ?? "", setting), command).toBe(comparable(output));
  }
  for (const { output } of all.filter(isStart)) {
    const shown = comparable(output).split("\n");
    const started = (await setting.started?.()) ?? "";
    expect(asShown(started, setting).split("\n").slice(0, shown.length)).toEqual(shown);
  }
}

function asTyped(command: string, { shownAs }: Setting): string {
  return [...shownAs].reduce((text, [real, shown]) => (shown === "" ? text : text.replaceAll(shown, real)), command);
}

function asShown(output: string, { shownAs }: Setting): string {
  return comparable([...shownAs].reduce((text, [real, shown]) => text.replaceAll(real, shown), output));
}
