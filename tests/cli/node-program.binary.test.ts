import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, existsSync, ftruncateSync, openSync } from "node:fs";
import { within } from "../fake-node/deadline.ts";
import { Lines } from "../fake-node/lines.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { FakeServer, sha256, sha256Twice, TestChain } from "./node-support.ts";

let chain: TestChain;

beforeAll(async () => {
  chain = await TestChain.start();
  await chain.accept(["one", "two", Uint8Array.of(0, 10, 255)]);
});
afterAll(() => chain[Symbol.dispose]());

const program = pluginCommand.map((word) => `'${word}'`).join(" ");

function environment(more: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env.PATH ?? "", TIMESTAMPVM_URL: chain.url, ...more };
}

/** Runs a line of shell in which `timestampvm` is the program, in an empty directory. */
async function shell(script: string, more: Record<string, string> = {}) {
  using directory = temporaryDirectory();
  const child = Bun.spawn(["bash", "-c", `timestampvm() { ${program} "$@"; }\n${script}`], {
    cwd: directory.path,
    env: environment(more),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, out, err };
}

function start(args: readonly string[], more: Record<string, string> = {}) {
  const child = Bun.spawn([...pluginCommand, ...args], { env: environment(more), stdio: ["ignore", "pipe", "pipe"] });
  return { child, out: new Lines(child.stdout), err: child.stderr };
}

describe("in a shell", () => {
  test("data is stamped, found and proven, from pipes and into pipes", async () => {
    const script = [
      "set -e -o pipefail",
      "echo in a pipe | timestampvm stamp --json > receipt",
      "echo in a pipe | timestampvm find | head -2 | tail -1",
      "echo in a pipe > data",
      "timestampvm stamp --text later > later",
      'latest=$(timestampvm block --json | grep -o \'"id":"[^"]*\' | head -1 | cut -c7-)',
      "timestampvm proof data --to $latest | timestampvm check-proof - --file data --to $latest --json > verdict",
      'grep -o \'"match":"digest"\' verdict',
      "timestampvm proof data --to latest -o proof.json > printed",
      "timestampvm check-proof proof.json --to $latest | head -1",
      "timestampvm check-proof proof.json > unanchored || echo exit code $?",
    ].join("\n");
    expect(await shell(script)).toEqual({
      code: 0,
      out:
        `SHA-256        ${sha256("in a pipe\n")}\n"match":"digest"\n` +
        "holds: it ends in the block that you named\nexit code 3\n",
      err: "note: no proof is written: give --output\n",
    });
  });

  test("--raw writes the bytes as they are", async () => {
    expect(await shell("timestampvm block 3 --raw | od -An -tx1")).toEqual({ code: 0, out: " 00 0a ff\n", err: "" });
  });

  test.each(["blocks", "block 1 --raw", "status --json", "find --text one", "proof --text one"])(
    "%s ends quietly, and with 1, when its reader is gone",
    async (command) => {
      const noReader = "mkfifo pipe; exec 3<>pipe 4>pipe 3<&-";
      expect(await shell(`${noReader}; timestampvm ${command} >&4; echo $?`)).toEqual({ code: 0, out: "1\n", err: "" });
    },
  );

  test("blocks | head -1 is a block, and nothing else", async () => {
    const { out, err } = await shell("timestampvm blocks | head -1");
    expect([out, err]).toEqual([expect.stringMatching(/^ +\d+ {2}20\S+ .*\n$/), ""]);
  });
});

describe("Ctrl-C ends at once, as a signal does, without a word:", () => {
  async function interrupt(running: ReturnType<typeof start>): Promise<void> {
    running.child.kill("SIGINT");
    await within("its end", running.child.exited);
    expect(running.child.signalCode).toBe("SIGINT"); // 130 in a shell
    expect(await running.err.text()).toBe("");
  }

  test("blocks --follow", async () => {
    const following = start(["blocks", "--follow"]);
    await following.out.waitForText(/^ +3 /);
    await interrupt(following);
  });

  test("stamp, while it waits for a block", async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const { promise: never, resolve: end } = Promise.withResolvers<void>();
    using server = new FakeServer((method) => {
      if (method === "find") return { blocks: [] };
      if (method === "stamp") return { id: `0x${sha256Twice("x")}`, status: "pending" };
      resolve();
      return never;
    });
    const stamping = start(["stamp", "--text", "x", "--url", server.url]);
    await within("its question", asked);
    await interrupt(stamping);
    end();
  });

  test("find, while it reads", async () => {
    using directory = temporaryDirectory();
    expect(Bun.spawnSync(["mkfifo", directory.file("pipe")]).exitCode).toBe(0);
    const reading = start(["find", directory.file("pipe")]);
    const writer = Bun.spawn(["bash", "-c", 'exec > "$0"; echo some; echo open >&2; read', directory.file("pipe")], {
      stdio: ["pipe", "ignore", "pipe"],
    });
    await new Lines(writer.stderr).waitForText(/open/); // there is a reader then
    await interrupt(reading);
    writer.stdin.end();
    await writer.exited;
  });

  test("130 in a shell", async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const { promise: never, resolve: end } = Promise.withResolvers<void>();
    using server = new FakeServer(() => {
      resolve();
      return never;
    });
    const script = `set -m; ${program} status & echo $!; wait $!; echo "exit code $?"`;
    const bash = Bun.spawn(["bash", "-c", script], {
      env: environment({ TIMESTAMPVM_URL: server.url }),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const out = new Lines(bash.stdout);
    const pid = Number(await out.waitForText(/^\d+$/));
    await within("its question", asked);
    process.kill(pid, "SIGINT");
    expect(await out.waitForText(/exit code/)).toBe("exit code 130");
    end();
  });
});

describe("a file of any size", () => {
  async function memoryOf(path: string): Promise<number> {
    const child = Bun.spawn([...pluginCommand, "find", path], {
      env: environment(),
      stdio: ["ignore", "ignore", "ignore"],
    });
    expect(await child.exited).toBe(1);
    return child.resourceUsage()?.maxRSS ?? 0;
  }

  test("takes the memory of a small one", async () => {
    using directory = temporaryDirectory();
    const size = 400_000_000;
    for (const [name, bytes] of [
      ["small", 1],
      ["large", size],
    ] as const) {
      const fileDescriptor = openSync(directory.file(name), "w");
      ftruncateSync(fileDescriptor, bytes);
      closeSync(fileDescriptor);
    }
    const small = await memoryOf(directory.file("small"));
    const large = await memoryOf(directory.file("large"));
    expect(large - small).toBeLessThan(size / 8);
  });

  test("is read to its end from a pipe, as it comes", async () => {
    const script = "{ head -c 300000 /dev/zero; sleep 0.2; echo end; } | timestampvm find";
    const { err } = await shell(script);
    expect(err).toContain(sha256(Buffer.concat([Buffer.alloc(300_000), Buffer.from("end\n")])));
  });
});

describe.skipIf(!existsSync("/usr/bin/script"))("at a terminal", () => {
  /** What a person sees. */
  async function terminal(args: string, more: Record<string, string> = {}) {
    using directory = temporaryDirectory();
    const child = Bun.spawn(["script", "-qefc", `${program} ${args}`, directory.file("typescript")], {
      env: environment({ TERM: "xterm", SHELL: "/bin/bash", ...more }),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [code, out] = await Promise.all([child.exited, child.stdout.text()]);
    return { code, out: out.replaceAll("\r\n", "\n") };
  }

  test("there are colours, unless NO_COLOR is set", async () => {
    expect((await terminal("blocks")).out).toContain("\u001b[1m");
    expect((await terminal("blocks", { NO_COLOR: "1" })).out).not.toContain("\u001b");
  });

  test("standard input is read when it is named", async () => {
    const child = Bun.spawn(["script", "-qefc", `${program} find -`, "/dev/null"], {
      env: environment({ TERM: "xterm", SHELL: "/bin/bash" }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.write("typed\n\u0004");
    await child.stdin.flush();
    const lines = new Lines(child.stdout);
    await lines.waitForText(new RegExp(sha256("typed\n")));
    child.stdin.end();
    expect(await child.exited).toBe(1);
  });
});
