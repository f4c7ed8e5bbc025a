import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createClient } from "../../src/client/client.ts";
import { within } from "../fake-node/deadline.ts";
import { CalendarProcess } from "../support/calendar-process.ts";
import { DevProcess } from "../support/dev-process.ts";
import { pluginCommand } from "../support/plugin-command.ts";
import { until } from "../support/promise.ts";
import { StockClient } from "../support/stock-client.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { blocksIn, someDigests } from "./answers.ts";

// People with the stock client of OpenTimestamps (opentimestamps-client 0.7.2, in Python), and `timestampvm calendar`.

let stock: StockClient;
beforeAll(async () => {
  stock = await StockClient.open();
});
afterAll(() => stock[Symbol.dispose]());

/** Digests that wait for an answer of a calendar. */
async function waitingAt(url: string): Promise<number> {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  return ((await response.json()) as { waiting: number }).waiting;
}

/** A free port, for a calendar whose address must be known before it starts. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  listener.stop(true);
  return listener.port;
}

async function verify(folder: string, node: string): Promise<string> {
  const child = Bun.spawn([...pluginCommand, "verify", "report.pdf.ots", "--url", node], {
    cwd: folder,
    env: {},
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return `${code} ${out}${err}`;
}

/** How `ots info` shows a block: it does not know the attestation, but anybody can read what is in it. */
const blockShown = /verify UnknownAttestation\(b'\\x7f\\xcc\)Jy\\x16hq', .*\{"parent_id":"\w+","height":1,/;

test("the lines of the README print what it says, and our verify takes the proof", async () => {
  await using dev = new DevProcess([]);
  const node = await dev.rpc();
  const uri = `http://127.0.0.1:${freePort()}`;
  await using calendar = new CalendarProcess(node, "--http", new URL(uri).host, "--uri", uri);
  expect(await calendar.url()).toBe(uri);
  using folder = temporaryDirectory();
  writeFileSync(folder.file("report.pdf"), "a report");

  expect(await stock.run(folder.path, "stamp", "-m", "1", "-c", uri, "report.pdf")).toEqual({
    code: 0,
    printed: `Submitting to remote calendar ${uri}\n`,
  });
  const proof = readFileSync(folder.file("report.pdf.ots"));
  const info = await stock.run(folder.path, "info", "report.pdf.ots");
  expect(info).toEqual({ code: 0, printed: expect.stringMatching(blockShown) });
  expect(info.printed).toContain(`verify PendingAttestation('${uri}')`);

  const status = `Calendar ${uri}: In block 1 of timestampvm, not in Bitcoin\n`;
  const upgraded = await stock.run(folder.path, "-l", uri, "upgrade", "report.pdf.ots");
  expect(upgraded).toEqual({ code: 1, printed: `${status}Failed! Timestamp not complete\n` });
  const verified = await stock.run(folder.path, "-l", uri, "verify", "report.pdf.ots");
  expect(verified).toEqual({ code: 1, printed: `Assuming target filename is 'report.pdf'\n${status}` });
  expect(readFileSync(folder.file("report.pdf.ots"))).toEqual(proof);
  expect(await verify(folder.path, node)).toMatch(/^0 holds/);
  expect(await calendar.end("SIGINT")).toBe(0);
});

test("several files need one request, and without --uri a proof has the block alone", async () => {
  await using dev = new DevProcess([]);
  await using calendar = new CalendarProcess(await dev.rpc());
  using folder = temporaryDirectory();
  const names = ["a", "b", "c"];
  for (const name of names) writeFileSync(folder.file(name), name);
  const stamped = await stock.run(folder.path, "stamp", "-m", "1", "-c", await calendar.url(), ...names);
  expect(stamped.code).toBe(0);
  for (const name of names) {
    const { code, printed } = await stock.run(folder.path, "info", `${name}.ots`);
    expect({ code, printed }).toEqual({ code: 0, printed: expect.stringMatching(blockShown) });
    expect(printed).not.toContain("Pending");
  }
});

describe("killed while a client waits", () => {
  test.each(["calendar", "node"])("the %s leaves no proof, and a second run makes one", async (which) => {
    await using dev = new DevProcess(["--block-interval", "600000"]);
    const node = await dev.rpc();
    await using calendar = new CalendarProcess(node);
    const url = await calendar.url();
    using folder = temporaryDirectory();
    writeFileSync(folder.file("report.pdf"), "a report");
    await dev.call("stamp", { data: "0x00" }); // the next block is ten minutes away
    await dev.line(/^block 1 /);

    const first = stock.run(folder.path, "stamp", "-m", "1", "-c", url, "report.pdf");
    await within(
      "the digest",
      until(async () => (await waitingAt(url)) === 1),
    );
    await (which === "node" ? dev : calendar).end("SIGKILL");
    expect(await first).toMatchObject({ code: 1 });
    expect(existsSync(folder.file("report.pdf.ots"))).toBe(false);

    await using next = new DevProcess([]);
    await using again = new CalendarProcess(await next.rpc());
    const second = await stock.run(folder.path, "stamp", "-m", "1", "-c", await again.url(), "report.pdf");
    expect(second.code).toBe(0);
    expect(await verify(folder.path, await next.rpc())).toMatch(/^0 holds/);
  });
});

test("a node that is killed has the blocks of all that were answered", async () => {
  using folder = temporaryDirectory();
  const data = ["--data-dir", folder.file("chain")];
  await using dev = new DevProcess(data);
  await using calendar = new CalendarProcess(await dev.rpc());
  const url = await calendar.url();
  const stamped: (readonly [Uint8Array, Uint8Array])[] = [];
  const clients = Array.from({ length: 50 }, async () => {
    for (;;) {
      const [digest = new Uint8Array()] = someDigests(1);
      const answer = await fetch(`${url}/digest`, { method: "POST", body: new Uint8Array(digest) });
      const body = await answer.bytes();
      if (answer.status !== 200) return answer.status;
      stamped.push([digest, body]);
      if (stamped.length === 500) await dev.end("SIGKILL");
    }
  });
  expect(new Set(await within("the last refusal", Promise.all(clients)))).toEqual(new Set([503]));
  await using again = new DevProcess(data);
  const call = createClient(await again.rpc());
  for (const [digest, answer] of stamped) {
    const [claim] = blocksIn(digest, answer);
    const { block } = await call("getBlock", { id: claim?.block.id ?? "" });
    expect(block.height).toBe(claim?.block.height ?? -1n);
  }
});
