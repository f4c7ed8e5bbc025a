import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { DevProcess } from "../support/dev-process.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { comparable, printedBy, type Step, sessionsIn } from "./sessions.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const shown = "127.0.0.1:9650";

test("what the README shows of the development chain is what one sees", async () => {
  await using dev = new DevProcess([]);
  await dev.line(/Ctrl-C/);
  const address = new URL(await dev.rpc()).host;
  const [[start] = [], ...sessions] = sessionsIn(readme, "Try it").filter(([step]) => !isNetwork(step));
  const steps = [...sessions, ...sessionsIn(readme, "JSON-RPC")].flat();
  expect(steps.length).toBeGreaterThan(8);

  const printed = await runAll(steps, address);
  for (const [i, { command, output }] of steps.entries()) {
    expect(comparable(printed[i] ?? ""), command).toBe(comparable(output));
  }
  expect(start?.command).toBe("make run");
  await dev.line(/^block 1 /);
  const seen = dev.out.text.join("\n").replaceAll(address, shown);
  const expected = comparable(start?.output ?? "").split("\n");
  expect(comparable(seen).split("\n").slice(0, expected.length)).toEqual(expected);
});

/** That needs AvalancheGo. */
function isNetwork(step: Step | undefined): boolean {
  return step?.command.startsWith("make network") ?? false;
}

/** Runs commands in one shell, in an empty directory. Gives what each prints. */
async function runAll(steps: readonly Step[], address: string): Promise<string[]> {
  using directory = temporaryDirectory();
  const program = pluginCommand.map((word) => `'${word}'`).join(" ");
  const commands = steps.map(({ command }) => command.replaceAll("build/timestampvm ", `${program} `));
  const printed = await printedBy(
    commands.map((command) => command.replaceAll(shown, address)),
    { cwd: directory.path, env: { PATH: process.env.PATH, TIMESTAMPVM_URL: `http://${address}` } },
  );
  return printed.map((output) => output.replaceAll(address, shown));
}
