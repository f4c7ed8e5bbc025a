import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { nodeProcess } from "../../src/rpcchainvm/start/node-process.ts";

/** A child that is up and waits, with a command line of its own. */
async function startChild() {
  const program = "console.log('up'); setInterval(() => {}, 1000)";
  const child = Bun.spawn([process.execPath, "-e", program, "--", "--data-dir=/a b", ""], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await child.stdout.getReader().read();
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

const nobody = 2 ** 22 + 1; // beyond the greatest pid of Linux

describe.skipIf(process.platform !== "linux")("on Linux", () => {
  test("a process is asked with --version", async () => {
    await using child = await startChild();
    expect(await nodeProcess(child.pid, "linux").askVersion()).toBe(`${Bun.version}\n`);
  });

  test("two processes differ, and one stays the same", async () => {
    await using one = await startChild();
    await using other = await startChild();
    const first = await nodeProcess(one.pid, "linux").identify();
    expect(first).toMatch(/^[0-9a-f-]{36} \d+ \d+$/);
    expect(await nodeProcess(one.pid, "linux").identify()).toBe(first);
    expect(await nodeProcess(other.pid, "linux").identify()).not.toBe(first);
  });

  test("a command line keeps its words as they are", async () => {
    await using child = await startChild();
    const args = nodeProcess(child.pid, "linux").args();
    expect(args.slice(-2)).toEqual(["--data-dir=/a b", ""]);
    expect(args).not.toContain(process.execPath);
  });

  test("of a process that is not there nothing is known", async () => {
    const node = nodeProcess(nobody, "linux");
    expect([await node.askVersion(), await node.identify(), node.args()]).toEqual(["", undefined, []]);
  });
});

describe.skipIf(!existsSync("/bin/ps"))("elsewhere", () => {
  test("ps says when a process was started", async () => {
    await using child = await startChild();
    const node = nodeProcess(child.pid, "darwin");
    expect(await node.identify()).toMatch(new RegExp(`^${child.pid} .*\\d\\d:\\d\\d:\\d\\d`));
    expect(node.args()).toEqual([]);
  });

  test("of a process that is not there nothing is known", async () => {
    const node = nodeProcess(nobody, "darwin");
    expect([await node.askVersion(), await node.identify()]).toEqual(["", undefined]);
  });
});
