import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, dirname, join } from "node:path";
import { askOperated } from "../../src/operator/ask.ts";
import { listenIn, maxSocketPathBytes, pointerName } from "../../src/operator/socket-file.ts";
import { Operated } from "../support/operated.ts";
import { reasonOf } from "../support/promise.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const listing = { listed: 0n };

describe("the socket", () => {
  let umask = 0;
  beforeAll(() => {
    umask = process.umask(0);
  });
  afterAll(() => {
    process.umask(umask);
  });

  test("lies beside the database, for its user alone, and goes away in the end", async () => {
    await using operated = await Operated.start();
    const { directory, file } = operated;
    const path = readFileSync(directory.file(pointerName), "utf8");
    expect(path).toBe(directory.file("operator.sock"));
    expect([modeOf(path), modeOf(directory.file(pointerName))]).toEqual(["600", "600"]);
    expect(await askOperated(directory.path, { do: "list" })).toEqual(listing);
    await operated.closeDoor();
    expect(readdirSync(directory.path).filter((name) => !name.startsWith(basename(file)))).toEqual([]);
  });

  test("has its mode from the first moment, and the process keeps its umask", async () => {
    using directory = temporaryDirectory();
    const server = createServer();
    const listen = server.listen.bind(server);
    const modes: string[] = [];
    server.listen = (path: unknown) => {
      const listening = listen(`${path}`);
      modes.push(modeOf(`${path}`));
      return listening;
    };
    const remove = await listenIn(directory.path, server);
    expect([modes, process.umask()]).toEqual([["600"], 0]);
    remove();
    server.close();
  });

  test("has a short path where that of the chain data directory is long", async () => {
    await using operated = await Operated.start({ below: `${"long".repeat(20)}/` });
    const data = dirname(operated.file);
    const path = readFileSync(join(data, pointerName), "utf8");
    expect(dirname(path)).not.toBe(data);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(maxSocketPathBytes);
    expect([modeOf(dirname(path)), modeOf(path)]).toEqual(["700", "600"]);
    expect(await askOperated(data, { do: "list" })).toEqual(listing);
    await operated.closeDoor();
    expect([existsSync(dirname(path)), existsSync(join(data, pointerName))]).toEqual([false, false]);
  });

  test("may have exactly so many bytes beside the database, and not one more", async () => {
    using root = temporaryDirectory();
    const left = maxSocketPathBytes - Buffer.byteLength(root.path) - "/".length - "/operator.sock".length;
    const placeOf = async (length: number) => {
      const directory = root.file("d".repeat(length));
      mkdirSync(directory);
      const server = createServer();
      const remove = await listenIn(directory, server);
      const path = readFileSync(join(directory, pointerName), "utf8");
      remove();
      server.close();
      return dirname(path) === directory ? Buffer.byteLength(path) : "elsewhere";
    };
    expect([await placeOf(left), await placeOf(left + 1)]).toEqual([maxSocketPathBytes, "elsewhere"]);
  });

  test("that cannot be made leaves nothing", async () => {
    using directory = temporaryDirectory();
    const server = createServer();
    const reason = await reasonOf(listenIn(directory.file("missing"), server));
    expect(reason).toMatchObject({ code: expect.stringMatching(/^E/) });
    expect(readdirSync(directory.path)).toEqual([]);
    server.close();
  });

  test("takes the place of what a killed process left", async () => {
    const left = temporaryDirectory();
    writeFileSync(left.file("operator.sock"), "");
    using directory = temporaryDirectory();
    writeFileSync(directory.file(pointerName), left.file("operator.sock"));
    writeFileSync(directory.file("operator.sock"), "");
    const server = createServer((_, response) => response.end('{"listed":0}\n'));
    const remove = await listenIn(directory.path, server);
    expect(existsSync(left.path), "the socket of before, and its directory").toBeFalse();
    expect(await askOperated(directory.path, { do: "list" })).toEqual(listing);
    remove();
    server.close();
    expect(readdirSync(directory.path)).toEqual([]);
  });
});

describe("where no socket can be made", () => {
  test("the chain runs without, and the log says why", async () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, "operator.sock"), { recursive: true });
    const { openDoor } = await import("../../src/operator/door.ts");
    const { Log } = await import("../../src/log.ts");
    const { vm } = (await import("../support/chain.ts")).startVm();
    const log: string[] = [];
    const file = directory.file("timestampvm.db");
    const door = await openDoor({
      chain: vm,
      file,
      log: new Log((line) => log.push(line)),
      startBackup: () => never(),
    });
    expect(log.map((line) => JSON.parse(line))).toMatchObject([{ level: "warn", event: "no operator's socket" }]);
    await door.close();
    vm.close();
  });
});

function never(): never {
  throw new Error("nobody asked for a backup");
}

describe("who asks where nobody answers", () => {
  test("hears that nothing runs there, and what to do", async () => {
    using directory = temporaryDirectory();
    expect(await reasonOf(askOperated(directory.path, { do: "list" }))).toMatchObject({
      refusal: { code: "no door", directory: directory.path, problem: expect.stringContaining("no timestampvm runs") },
    });
  });

  test("hears that the process has ended", async () => {
    using directory = temporaryDirectory();
    writeFileSync(directory.file(pointerName), directory.file("operator.sock"));
    expect(await reasonOf(askOperated(directory.path, { do: "list" }))).toMatchObject({
      refusal: { code: "no door", problem: expect.stringContaining("it has ended") },
    });
  });

  test.each([
    ["nothing", ""],
    ["half an answer", '{"mempool":{"items":1,"bytes":1}}\n'],
    ["half a line", '{"listed":'],
  ])("hears of %s that it was cut off", async (_name, answer) => {
    using directory = temporaryDirectory();
    const server = createServer((_, response) => response.end(answer));
    const remove = await listenIn(directory.path, server);
    expect(await reasonOf(askOperated(directory.path, { do: "list" }))).toMatchObject({
      refusal: { code: "refused", problem: "it ended before it had answered" },
    });
    remove();
    server.close();
  });
});
