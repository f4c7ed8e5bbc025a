import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { within } from "../fake-node/deadline.ts";
import { DevProcess } from "../support/dev-process.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const hello = { data: "aGVsbG8gd29ybGQ=" };

describe("timestampvm dev", () => {
  test.concurrent("says what it is, where it is and what to try; then a line for each block", async () => {
    await using dev = new DevProcess([]);
    await dev.line(/no peers, no consensus/);
    await dev.line(/^health +http:\/\/127\.0\.0\.1:\d+\/ext\/health$/);
    await dev.line(/in memory/);
    await dev.line(/Ctrl-C/);
    await dev.call("proposeBlock", hello);
    expect(await dev.line(/^block/)).toMatch(/^block 1 {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}11 bytes {2}\w{40,50}$/);
  });

  test.concurrent("its curl lines work as they stand", async () => {
    await using dev = new DevProcess([]);
    await dev.line(/Ctrl-C/);
    const commands = dev.out.text.filter((line) => /^ +curl /.test(line));
    expect(commands).toHaveLength(3);
    const results = [];
    for (const command of commands) {
      const shell = Bun.spawn(["sh", "-c", command], { stdio: ["ignore", "pipe", "inherit"] });
      results.push(JSON.parse(await shell.stdout.text()).result);
    }
    expect(results).toMatchObject([
      { status: "pending" },
      { status: "accepted", block: { height: 1 } },
      { blocks: [{ height: 1, match: "data" }] },
    ]);
  });

  test.concurrent.each(["SIGINT", "SIGTERM"] as const)(
    "%s ends it with 0, and leaves nothing behind",
    async (signal) => {
      using directory = temporaryDirectory();
      const dev = new DevProcess(["--data-dir", directory.file("chain")]);
      await dev.line(/Ctrl-C/);
      await dev.call("proposeBlock", hello);
      await dev.line(/^block 1/);
      expect(await dev.end(signal)).toBe(0);
      expect(readdirSync(directory.file("chain"))).toEqual(["timestampvm.db"]);
      await dev[Symbol.asyncDispose]();
    },
  );

  test.concurrent("keeps a chain through kill -9", async () => {
    using directory = temporaryDirectory();
    const args = ["--data-dir", directory.path];
    await using first = new DevProcess(args);
    await first.call("proposeBlock", hello);
    await first.line(/^block 1/);
    const accepted = await first.call("lastAccepted");
    await first.end("SIGKILL");
    await using again = new DevProcess(args);
    expect(await again.call("lastAccepted")).toEqual(accepted);
    await again.line(/^height +1$/);
  });

  test.concurrent("begins with the genesis that it is given, as text or in a file", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file("genesis.txt"), "from a file\n");
    for (const [given, hex] of [
      ["hello world", "0x68656c6c6f20776f726c64"],
      [`@${directory.file("genesis.txt")}`, "0x66726f6d20612066696c650a"],
    ] as const) {
      await using dev = new DevProcess(["--genesis", given]);
      const { id } = (await dev.call("lastAccepted")) as { id: string };
      expect(await dev.call("getBlock", { id })).toMatchObject({ block: { data: hex, height: 0 } });
    }
  });

  test.concurrent("prints JSON for programs", async () => {
    await using dev = new DevProcess(["--json", "--block-interval", "0"]);
    const started = JSON.parse(await dev.line(/started/));
    expect(started).toMatchObject({ event: "started", height: 0, dataDir: null });
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "proposeBlock", params: hello });
    await fetch(started.rpc, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    expect(JSON.parse(await dev.line(/"block"/))).toMatchObject({ event: "block", height: 1, bytes: 11 });
  });

  test.concurrent.each([
    [["--http", "here"], "HOST:PORT", 2],
    [["--http", "127.0.0.1:65536"], "HOST:PORT", 2],
    [["--block-interval", "-1"], "3600000", 2],
    [["--block-interval", "3600001"], "3600000", 2],
    [["--log-level", "loud"], "loud", 2],
    [["--genesis", "@no such file"], "error: no such file: there is no such file or directory", 1],
    [["--genesis", "@/dev/zero"], "/dev/zero has more than 1,000,000 bytes", 1],
  ])("%j is refused with its reason: %s", async (args, reason, code) => {
    await using dev = new DevProcess(args);
    expect(await within("its end", dev.child.exited)).toBe(code);
    expect(await dev.child.stderr.text()).toContain(reason);
    expect(existsSync("timestampvm.db")).toBe(false);
  });
});
