import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
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

  test.concurrent("its stamp line works as it stands, in any folder", async () => {
    await using dev = new DevProcess([]);
    await dev.line(/Ctrl-C/);
    using folder = temporaryDirectory();
    const [line = ""] = dev.out.text.filter((line) => line.includes(" stamp /tmp/now.txt"));
    const here = line.replaceAll("/tmp/now.txt", "./now.txt"); // other tests do the same at the same time
    const shell = Bun.spawn(["sh", "-c", here], {
      cwd: folder.path,
      env: { PATH: process.env.PATH ?? "" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    expect(await shell.stdout.text()).toMatch(/^stamped .* height 1$/m);
    expect(await shell.exited).toBe(0);
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
});
