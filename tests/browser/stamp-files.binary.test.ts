import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import axe from "axe-core";
import type { Download, Page } from "playwright-core";
import { blockClaimsOf } from "../../src/proof/block-claims.ts";
import { readOts } from "../../src/proof/ots/read.ts";
import { type LiveChain, openLive } from "../support/live.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { browserPath, closeBrowser, faults, Tab } from "./browser.ts";
import { dropFiles } from "./drop.ts";

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describe.skipIf(browserPath === undefined)("files that are dropped on the page", () => {
  let chain: LiveChain;

  beforeAll(async () => {
    chain = await openLive();
  });
  afterAll(closeBrowser);
  afterAll(() => chain.close());

  async function openPage(tab: Tab): Promise<Page> {
    await tab.page.goto(`${chain.url}/explorer`);
    return tab.page;
  }

  const heading = (page: Page, name: string | RegExp) =>
    page.locator("#stamp").getByRole("heading", { name }).waitFor();

  async function click(page: Page, name: string): Promise<void> {
    await page.locator("#stamp").getByRole("button", { name, exact: true }).click();
  }

  /** What is saved when `name` is clicked. */
  async function saved(page: Page, place: string, name: string, nth = 0): Promise<{ name: string; bytes: Buffer }> {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.locator(place).getByRole("button", { name, exact: true }).nth(nth).click(),
    ]);
    return { name: download.suggestedFilename(), bytes: await bytesOf(download) };
  }

  async function bytesOf(download: Download): Promise<Buffer> {
    using directory = temporaryDirectory();
    await download.saveAs(directory.file("saved"));
    return readFileSync(directory.file("saved"));
  }

  /** The block that a proof names, as the chain has it. */
  async function blockOf(ots: Uint8Array, content: string) {
    const file = readOts(ots);
    expect(file.digest.toHex()).toBe(sha256(content));
    const [claim, ...others] = blockClaimsOf(file);
    if (claim?.kind !== "block" || others.length > 0) throw new Error("not one block");
    const { block } = await chain.call("getBlockByHeight", { height: claim.block.height });
    expect<string>(block.id).toBe(claim.block.id);
    return block;
  }

  test("are hashed here, stamped in one tree, and each has a proof, also in one ZIP file", async () => {
    const contents = Array.from({ length: 5 }, () => `photo ${randomUUID()}`);
    await using tab = await Tab.open({ ...phone, reducedMotion: "reduce" });
    const sent: string[] = [];
    tab.page.on("request", (request) => sent.push(request.postData() ?? ""));
    const page = await openPage(tab);
    await dropFiles(
      page,
      contents.map((content, i) => ({ name: ["same name.jpg", "Same Name.jpg"][i] ?? `photo ${i}.jpg`, content })),
    );
    await heading(page, "5 files");
    await click(page, "Stamp them now");
    await heading(page, "5 files stamped");
    await page.locator("#stamp").getByText("which carries one SHA-256 for them all").waitFor();
    const proofs = [];
    for (const i of contents.keys()) proofs.push(await saved(page, "#stamp", "Download proof (.ots)", i));
    const blocks = await Promise.all(proofs.map(({ bytes }, i) => blockOf(bytes, contents[i] ?? "")));
    expect(new Set(blocks.map(({ id }) => id)).size).toBe(1);
    expect(proofs.map(({ name }) => name)).toEqual([
      "same name.jpg.ots",
      "Same Name.jpg.ots",
      "photo 2.jpg.ots",
      "photo 3.jpg.ots",
      "photo 4.jpg.ots",
    ]);
    for (const content of contents) expect(sent.join("")).not.toContain(content);

    const { bytes } = await saved(page, "#stamp", "Download all proofs (.zip)");
    using directory = temporaryDirectory();
    writeFileSync(directory.file("proofs.zip"), bytes);
    const list = Bun.spawnSync(["python3", "-m", "zipfile", "-l", directory.file("proofs.zip")]).stdout.toString();
    expect(list).toContain("Same Name (2).jpg.ots");
    expect(
      Bun.spawnSync(["python3", "-m", "zipfile", "-e", directory.file("proofs.zip"), directory.path]).exitCode,
    ).toBe(0);
    expect(readFileSync(directory.file("photo 4.jpg.ots"), "hex")).toBe(proofs[4]?.bytes.toString("hex") ?? "");

    await click(page, "Check them");
    await heading(page, /5 proofs hold/);
    await page.evaluate(axe.source);
    expect(await faults(page)).toEqual([]);
  });

  test("that are stamped already have the proof of their first stamp", async () => {
    const content = `book ${randomUUID()}`;
    const { id } = await chain.call("stamp", { digest: sha256(content) });
    const { block } = await chain.call("getReceipt", { id, waitMs: 25_000 });
    await using tab = await Tab.open();
    const page = await openPage(tab);
    await dropFiles(page, [{ name: "book.pdf", content }]);
    await heading(page, "First stamped");
    await page.getByRole("button", { name: "Proof for auditors (JSON)", exact: true }).waitFor();
    await page.getByRole("button", { name: "Check it, and print a certificate", exact: true }).waitFor();
    const downloads = page.locator("#stamp").getByRole("button", { name: /^Download/ });
    expect(await downloads.allInnerTexts()).toEqual(["Download proof (.ots)"]);
    const { name, bytes } = await saved(page, "#stamp", "Download proof (.ots)");
    expect(name).toBe("book.pdf.ots");
    expect<string | undefined>((await blockOf(bytes, content)).id).toBe(block?.id);
    await click(page, "Check it, and print a certificate");
    await heading(page, "The proof holds");

    const fresh = `draft ${randomUUID()}`;
    await dropFiles(page, [
      { name: "book.pdf", content },
      { name: "draft.txt", content: fresh },
    ]);
    await heading(page, "2 files");
    await click(page, "Stamp it now");
    await heading(page, "2 files stamped");
    const both = [
      await saved(page, "#stamp", "Download proof (.ots)", 0),
      await saved(page, "#stamp", "Download proof (.ots)", 1),
    ];
    const byName = new Map(both.map(({ name, bytes }) => [name, bytes]));
    expect<string | undefined>((await blockOf(byName.get("book.pdf.ots") ?? Buffer.of(), content)).id).toBe(block?.id);
    await blockOf(byName.get("draft.txt.ots") ?? Buffer.of(), fresh);
  });

  test("have their proofs if another one of them can have none", async () => {
    const large = `map ${randomUUID()}`.padEnd(5_000);
    await chain.call("proposeBlock", { data: Buffer.from(large).toString("base64") });
    const { id } = await chain.call("stamp", { digest: sha256(randomUUID()) });
    await chain.call("getReceipt", { id, waitMs: 25_000 }); // its block comes after that with the file
    const fresh = `draft ${randomUUID()}`;
    await using tab = await Tab.open();
    const page = await openPage(tab);
    await dropFiles(page, [
      { name: "map.txt", content: large },
      { name: "draft.txt", content: fresh },
    ]);
    await heading(page, "2 files");
    await click(page, "Stamp it now");
    await heading(page, "2 files stamped");
    await page.locator("#stamp li", { hasText: "map.txt" }).getByText("No proof (.ots): ").waitFor();
    const { name, bytes } = await saved(page, "#stamp", "Download proof (.ots)");
    expect(name).toBe("draft.txt.ots");
    await blockOf(bytes, fresh);
  });

  test("are listed in a history of this browser, which is never sent, until it is forgotten", async () => {
    const content = `song ${randomUUID()}`;
    await using tab = await Tab.open();
    const page = await openPage(tab);
    expect(await page.locator("#history").isVisible()).toBeFalse();
    await dropFiles(page, [{ name: "song.mp3", content }]);
    await heading(page, "Not stamped yet");
    await click(page, "Stamp it now");
    await heading(page, "First stamped");
    const history = page.locator("#history");
    await history.getByText("song.mp3").waitFor();
    const sent: string[] = [];
    page.on("request", (request) => sent.push(request.postData() ?? ""));
    await page.reload();
    await history.getByText("song.mp3").waitFor();
    const { name, bytes } = await saved(page, "#history", "Download proof (.ots)");
    expect(name).toBe("song.mp3.ots");
    await blockOf(bytes, content);
    const { name: zip } = await saved(page, "#history", "Download all proofs (.zip)");
    expect(zip).toBe("proofs.zip");
    expect(sent.join("")).not.toContain(sha256(content));
    await history.getByRole("button", { name: "Forget them", exact: true }).click();
    await history.getByRole("button", { name: /^Forget them all/ }).click();
    await history.waitFor({ state: "hidden" });
    await page.reload();
    await page.locator("#stamp").waitFor();
    expect(await history.isVisible()).toBeFalse();
  });

  test("may be a thousand", async () => {
    const contents = Array.from({ length: 1_000 }, (_, i) => `${i} ${randomUUID()}`);
    await using tab = await Tab.open();
    const page = await openPage(tab);
    await dropFiles(
      page,
      contents.map((content, i) => ({ name: `${i}.txt`, content })),
    );
    await heading(page, "1,000 files");
    await click(page, "Stamp them now");
    await heading(page, "1,000 files stamped");
    const { bytes } = await saved(page, "#stamp", "Download proof (.ots)", 999);
    await blockOf(bytes, contents[999] ?? "");
  });
});
