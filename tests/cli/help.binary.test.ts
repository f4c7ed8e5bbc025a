import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { commandsIn, helpOf, nameOf, programForHelp } from "../documents/command-help.ts";
import { makeHome } from "../documents/settings.ts";
import { within } from "../fake-node/deadline.ts";
import { Lines } from "../fake-node/lines.ts";
import { examplesIn } from "./help-examples.ts";

setDefaultTimeout(120_000);

const examples = commandsIn(programForHelp()).flatMap((command) =>
  examplesIn(helpOf(command, 80)).map((line) => ({ name: nameOf(command), line })),
);

/** The lines of some commands, in the order of the help. */
function linesOf(isOne: (name: string) => boolean): string[] {
  return examples.filter(({ name }) => isOne(name)).map(({ line }) => line);
}

test("every example of a help works as it is written", async () => {
  using home = makeHome();
  writeFileSync(`${home.path}/report.pdf`, "a report");
  const inHome = (line: string, env: Record<string, string> = {}) =>
    Bun.spawn(["bash", "-o", "pipefail", "-c", line], {
      cwd: home.path,
      env: { ...home.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const expectDone = async (line: string, env?: Record<string, string>) => {
    const child = inHome(line, env);
    const err = await child.stderr.text();
    expect([line, await within(line, child.exited), err]).toEqual([line, 0, expect.any(String)]);
  };

  const [served = "", ...alone] = linesOf((name) => name === "dev").reverse();
  for (const line of alone) await serve(inHome(`exec ${line}`), async () => {});
  await serve(inHome(`exec ${served}`), async (address) => {
    for (const line of linesOf((name) => name === "calendar")) {
      await expectServed(inHome(`exec ${line.replace("127.0.0.1:9650", address)}`));
    }
    for (const line of linesOf((name) => !["dev", "calendar"].includes(name) && !name.startsWith("db "))) {
      await expectDone(line.replace("127.0.0.1:9650", address), { TIMESTAMPVM_URL: `http://${address}` });
    }
  });
  for (const line of linesOf((name) => name.startsWith("db "))) await expectDone(line);
});

/** Waits until a server is there, and ends it as Ctrl-C does. */
async function expectServed(child: Bun.Subprocess<"ignore", "pipe", "pipe">): Promise<void> {
  try {
    await new Lines(child.stdout).waitForText(/Ctrl-C/);
  } finally {
    child.kill("SIGINT");
  }
  expect([await within("the end of a calendar", child.exited), await child.stderr.text()]).toEqual([
    0,
    expect.anything(),
  ]);
}

/** Runs `work` beside a development chain, at its address, and then ends the chain as Ctrl-C does. */
async function serve(
  child: Bun.Subprocess<"ignore", "pipe", "pipe">,
  work: (address: string) => Promise<void>,
): Promise<void> {
  try {
    const out = new Lines(child.stdout);
    const rpc = (await out.waitForText(/^JSON-RPC/)).split(/\s+/)[1] ?? "";
    await out.waitForText(/Ctrl-C/);
    await work(new URL(rpc).host);
  } finally {
    child.kill("SIGINT");
  }
  expect(await within("the end of a development chain", child.exited)).toBe(0);
}
