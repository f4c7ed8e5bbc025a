import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { askOperated } from "../../src/operator/ask.ts";
import { pointerName } from "../../src/operator/socket-file.ts";
import { openElsewhere } from "../store/child-process.ts";
import { Operated } from "../support/operated.ts";
import { reasonOf } from "../support/promise.ts";

test("other processes are kept out of the database after a backup, and after one that was refused", async () => {
  await using operated = await Operated.start();
  const { directory, file } = operated;
  const inUse = { code: "database in use", file };
  await askOperated(directory.path, { do: "back up", file: directory.file("copy.db") });
  expect(await openElsewhere(file)).toEqual(inUse);
  for (const refused of ["copy.db", file]) {
    expect(await reasonOf(askOperated(directory.path, { do: "back up", file: refused }))).toBeDefined();
    expect(await openElsewhere(file)).toEqual(inUse);
  }
});

// Only root can become another user.
describe.skipIf(process.getuid?.() !== 0)("another user", () => {
  const connect = `
    process.setuid(65534);
    const { connect } = await import("node:net");
    const socket = connect(process.argv.at(-1));
    socket.on("connect", () => { console.log("connected"); socket.end(); });
    socket.on("error", ({ code }) => console.log(code));
  `;

  test("cannot connect, although the directory is open to all", async () => {
    await using operated = await Operated.start();
    chmodSync(operated.directory.path, 0o755);
    const path = readFileSync(operated.directory.file(pointerName), "utf8");
    const as = async (script: string) =>
      (await new Response(Bun.spawn([process.execPath, "-e", script, path]).stdout).text()).trim();
    expect(await as(connect)).toBe("EACCES");
    expect(await as(connect.replace(/process.setuid.*/, ""))).toBe("connected");
  });
});
