import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { blockClaimsOf, mergeTimestamps, readOts, writeOts } from "timestampvm/proof";
import type { DevChain } from "../../src/dev/dev-chain.ts";
import { browserPath, Tab } from "../browser/browser.ts";
import { fencedIn, readDocument, stepsIn } from "../documents/sessions.ts";
import { Stranger } from "../package/stranger.ts";
import { startTestChain } from "../support/dev-chain.ts";
import { pluginCommand } from "../support/plugin-command.ts";

// The page, as somebody makes it who has the package, and opens it from a disk.

const example = "examples/verify-page";
let stranger: Stranger;
let chain: DevChain;

beforeAll(async () => {
  stranger = await Stranger.install();
  for (const name of ["index.html", "page.ts", "verify.ts"]) stranger.copy(`${example}/${name}`, name);
  const [step] = fencedIn(readDocument(`${example}/README.md`)).flatMap(stepsIn);
  await stranger.run([process.execPath, ...(step?.command.split(" ").slice(1) ?? [])]);
  chain = await startTestChain();
  stranger.write("idea.txt", "what I thought of today\n");
  await stamp("idea.txt", chain);
});
afterAll(() => {
  chain.close();
  stranger[Symbol.dispose]();
});

test("is one small file that loads nothing, and says so", async () => {
  const page = readFileSync(stranger.file("verify.html"), "utf8");
  expect(page).not.toMatch(/\b(src|href)=/);
  expect(page).toContain("default-src 'none'");
  expect(Bun.gzipSync(page).length).toBeLessThan(30_000);
});

describe.skipIf(browserPath === undefined)("in a browser", () => {
  const proof = "idea.txt.ots";

  test("an id that one knows is enough, and nobody is asked", async () => {
    const id = blockOf(proof);
    const shown = await verify({ proof, original: "idea.txt", id });
    expect(shown.lines[0]).toBe("It holds: the file existed by the day on which you have the id of this block.");
    expect(shown.lines).toContain(`Block: ${id}`);
    expect(shown.asked).toEqual([]);
  });

  test("without a file, an id or a node, it says what is missing", async () => {
    const shown = await verify({ proof });
    expect(shown.lines[0]).toStartWith("No file was checked. ");
    expect(shown.lines[1]).toStartWith("Consistent, but not anchored: ");
    expect(shown.asked).toEqual([]);
  });

  test("a node says when it saw the block, and what it is", async () => {
    const { lines } = await verify({ proof, original: "idea.txt", url: chain.rpc });
    expect(lines[0]).toMatch(/^It holds: the file existed by 20\d\d-.*Z, by the word of this node\.$/);
    expect(lines[1]).toBe("It proves nothing to others: development chain: one process, no peers, no consensus.");
  });

  test("the id of a later block is enough, when a node gives the way there", async () => {
    stranger.write("later.txt", "later\n");
    const id = await stamp("later.txt", chain);
    const { lines } = await verify({ proof, original: "idea.txt", id, url: chain.rpc });
    expect(lines[0]).toBe("It holds: the file existed by the day on which you have the id of block 2.");
    const alone = await verify({ proof, original: "idea.txt", id });
    expect(alone.lines[0]).toBe("It cannot be told: the id is that of another block.");
  });

  test("a block that the node's chain does not have proves nothing", async () => {
    const other = await startTestChain();
    try {
      stranger.write("other.txt", "on a chain of the same name\n");
      await stamp("other.txt", other);
    } finally {
      other.close();
    }
    const { lines } = await verify({ proof: "other.txt.ots", original: "other.txt", url: chain.rpc });
    expect(lines[0]).toBe("It does not hold: the node has another block at height 1.");
  });

  test("of several blocks, one that is in the node's chain is enough", async () => {
    const other = await startTestChain();
    try {
      stranger.write("again.txt", "what I thought of today\n");
      await stamp("again.txt", other);
    } finally {
      other.close();
    }
    const [here, there] = [proof, "again.txt.ots"].map((name) => readOts(readFileSync(stranger.file(name))));
    if (here === undefined || there === undefined) throw new Error("no proof");
    const both = { ...here, timestamp: mergeTimestamps(here.timestamp, there.timestamp) };
    writeFileSync(stranger.file("both.ots"), writeOts(both));
    const { lines } = await verify({ proof: "both.ots", original: "idea.txt", url: chain.rpc });
    expect(lines[0]).toStartWith("It holds: ");
    expect(lines).toContain(`Block: ${blockOf(proof)}`);
  });

  test("another file, no proof, and a node that does not answer", async () => {
    stranger.write("draft.txt", "what I thought of yesterday\n");
    const first = async (given: Given) => (await verify(given)).lines[0];
    expect(await first({ proof, original: "draft.txt", id: blockOf(proof) })).toBe(
      "This is the proof of another file, or of another version of this one.",
    );
    expect(await first({ proof: "idea.txt" })).toStartWith("Not a proof: ");
    expect(await first({ proof, original: "idea.txt", url: "http://127.0.0.1:1/rpc" })).toStartWith(
      "It cannot be told yet: ",
    );
  });
});

interface Given {
  readonly proof: string;
  readonly original?: string;
  readonly id?: string;
  readonly url?: string;
}

/** Opens the page, gives it what a person would, and gives what it shows, and whom it asked. */
async function verify({ proof, original, id = "", url = "" }: Given) {
  await using tab = await Tab.open();
  const { page } = tab;
  const address = `file://${stranger.file("verify.html")}`;
  await page.goto(address);
  await page.getByLabel("The proof").setInputFiles(stranger.file(proof));
  if (original !== undefined) await page.getByLabel("The file that it proves").setInputFiles(stranger.file(original));
  await page.getByLabel("The id of a block").fill(id);
  await page.getByLabel("The URL of a node").fill(url);
  await page.getByRole("button", { name: "Verify" }).click();
  const output = page.locator("output:not(:empty)", { hasNotText: "One moment" });
  const lines = (await output.textContent())?.split("\n") ?? [];
  expect(tab.problems).toEqual([]);
  return { lines, asked: tab.requested.filter((requested) => requested !== address) };
}

/** Stamps a file with the program. Gives the id of its block. */
async function stamp(name: string, { rpc }: DevChain): Promise<string> {
  await stranger.run([...pluginCommand, "stamp", stranger.file(name), "--url", rpc]);
  return blockOf(`${name}.ots`);
}

function blockOf(proof: string): string {
  const [claim] = blockClaimsOf(readOts(readFileSync(stranger.file(proof))));
  if (claim?.kind !== "block") throw new Error(`${proof} names no block`);
  return claim.block.id;
}
