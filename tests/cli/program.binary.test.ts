import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import packageJson from "../../package.json" with { type: "json" };
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program as a shell does, away from any configuration. */
async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Result> {
  using directory = temporaryDirectory();
  const child = Bun.spawn([...pluginCommand, ...args], {
    cwd: directory.path,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, out, err };
}

const vmId = "tGas3T58KzdjcJ2iKSyiYsWiqYctRXaPTqBCA11BqEkNg8kPc";

describe("the program", () => {
  test.concurrent.each([
    ["genesis", ["genesis", "é 🕰"], '{"data":"é 🕰"}\n'],
    ["vm-id", ["vm-id", "timestampvm"], `${vmId}\n`],
    [
      "version-json",
      ["version-json"],
      `{"name":"timestampvm","vmid":"${vmId}","version":"${packageJson.version}","rpcchainvm":45}\n`,
    ],
    ["--version", ["--version"], `timestampvm ${packageJson.version} [rpcchainvm=16-46]\n`],
  ])("prints %s to standard output, exit 0", async (_name, args, out) => {
    expect(await run(args)).toEqual({ code: 0, out, err: "" });
  });

  test.concurrent("says on standard error what was wrong, exit 2", async () => {
    const { code, out, err } = await run(["gensis", "x"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("gensis");
  });
});

describe("without arguments", () => {
  test.concurrent("outside a node: says what it is and how to use it, exit 2", async () => {
    const { code, out, err } = await run([]);
    expect([code, out]).toEqual([2, ""]);
    const variables = ["AVALANCHE_VM_RUNTIME_ENGINE_ADDR", "PLUGIN_PROTOCOL_VERSIONS"];
    for (const word of ["plugin of AvalancheGo", ...variables, "genesis", "vm-id"]) expect(err).toContain(word);
  });

  test.concurrent("at a terminal: the help alone, on standard error, exit 2", async () => {
    using directory = temporaryDirectory();
    const command = pluginCommand.map((word) => `'${word}'`).join(" ");
    const child = Bun.spawn(["bash", "-c", `${command} >out 2>err`], { cwd: directory.path, env: {}, terminal: {} });
    const code = await child.exited;
    child.terminal?.close();
    const [out, err] = ["out", "err"].map((name) => readFileSync(directory.file(name), "utf8"));
    expect([code, out, err]).toEqual([2, "", (await run(["--help"])).out]);
  });

  test.concurrent.each(["", "nonsense", "127.0.0.1:99999", "http://127.0.0.1:1"])(
    "with %p as the node's address: one line about the protocol, one error, exit 1",
    async (address) => {
      const { code, out, err } = await run([], { AVALANCHE_VM_RUNTIME_ENGINE_ADDR: address });
      expect([code, out]).toEqual([1, ""]);
      expect(
        err
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ).toMatchObject([
        { level: "info", event: "protocol chosen" },
        { level: "error", event: "cannot serve" },
      ]);
    },
  );

  test.concurrent("in a node's environment, a command is still a command", async () => {
    const { code, out } = await run(["vm-id", "timestampvm"], { AVALANCHE_VM_RUNTIME_ENGINE_ADDR: "127.0.0.1:1" });
    expect([code, out]).toEqual([0, `${vmId}\n`]);
  });
});
