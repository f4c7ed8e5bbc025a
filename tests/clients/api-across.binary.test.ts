import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "../support/temporary.ts";

test("the API answers of a chain on another thread as of one on its own: all its tests pass again", async () => {
  using directory = temporaryDirectory();
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const command = ["test", "--timeout=300000", "tests/api", "tests/explorer"];
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: root,
    env: { ...process.env, CHAIN_VIEW: "across", TMPDIR: directory.path },
    stdout: "ignore",
    stderr: "pipe",
  });
  const text = await new Response(child.stderr).text();
  expect(text.split("\n").filter((line) => line.startsWith("(fail)"))).toEqual([]);
  expect(text).toMatch(/^ *\d{3} pass$/m);
  expect(await child.exited).toBe(0);
});
