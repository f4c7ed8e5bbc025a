import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomUUID } from "node:crypto";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { fetchBlock, fetchServedChain } from "../../src/client/confirmed-block.ts";
import { checkProof } from "../../src/proof/block-proof.ts";
import { FileTree, proveFile } from "../../src/proof/file-proofs.ts";
import { writeOts } from "../../src/proof/ots/write.ts";
import { childOf, genesis } from "../support/chain.ts";
import { type LiveChain, openLive } from "../support/live.ts";
import { browserPath, closeBrowser, faults, Tab } from "./browser.ts";
import { dropFiles } from "./drop.ts";

const sha256 = (content: string) => createHash("sha256").update(content).digest();
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describe.skipIf(browserPath === undefined)("an .ots file on the page", () => {
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

  /** The block that carries 32 bytes, and of which chain it is. */
  async function stamp(carried: Uint8Array) {
    const { id } = await chain.call("stamp", { digest: carried.toHex() });
    const { block } = await chain.call("getReceipt", { id, waitMs: 25_000 });
    const served = await fetchServedChain(chain.call);
    return { ...served, block: await fetchBlock(chain.call, block?.id ?? "", checkProof) };
  }

  async function stampFile(content: string) {
    const stamped = await stamp(sha256(content));
    return { block: stamped.block, ots: writeOts(proveFile(sha256(content), [stamped])) };
  }

  const heading = (page: Page, name: string | RegExp) =>
    page.locator("#stamp").getByRole("heading", { name }).waitFor();

  test("with its file holds, says what that proves, and only the height leaves the browser", async () => {
    const content = `contract ${randomUUID()}`;
    const { block, ots } = await stampFile(content);
    await using tab = await Tab.open(phone);
    const sent: string[] = [];
    tab.page.on("request", (request) => sent.push(request.postData() ?? ""));
    const page = await openPage(tab);
    await dropFiles(page, [
      { name: "contract.pdf", content },
      { name: "contract.pdf.ots", content: ots },
    ]);
    await heading(page, "The proof holds");
    const text = await page.locator("#stamp").textContent();
    expect(text).toMatch(/Existed by \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC.* seen by this node/);
    expect(text).toContain(sha256(content).toString("hex"));
    expect(text).toContain("Nothing here proves who made the file");
    const { notice } = await fetchServedChain(chain.call);
    expect(text?.includes("It proves nothing to anybody else")).toBe(notice !== undefined);
    expect(await page.getByRole("link", { name: block.id }).first().getAttribute("href")).toBe(`?block=${block.id}`);
    expect(sent.filter((body) => body.includes(block.id) || body.includes(sha256(content).toString("hex")))).toEqual(
      [],
    );
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    expect(tab.problems).toEqual([]);
  });

  test("without its file asks for it: another one is not the stamped one, a renamed one is", async () => {
    const content = `photo ${randomUUID()}`;
    const { ots } = await stampFile(content);
    await using tab = await Tab.open();
    const page = await openPage(tab);
    await dropFiles(page, [{ name: "photo.jpg.ots", content: ots }]);
    await heading(page, "The proof holds, but no file was checked");
    await dropFiles(page, [{ name: "photo.jpg", content: `${content}, retouched` }]);
    await heading(page, "This is not the file that was stamped");
    expect(await page.locator("#stamp").textContent()).not.toContain("Existed by");
    const buffer = Buffer.from(content);
    await page.setInputFiles("#file", { name: "IMG_0001.jpg", mimeType: "image/jpeg", buffer });
    await heading(page, "The proof holds");
    await page.getByRole("button", { name: "Another file" }).click();
    await dropFiles(page, [{ name: "unrelated.txt", content: randomUUID() }]);
    await heading(page, "Not stamped yet");
  });

  test("of several files of one tree, in any mix, each has a line, and the rest can be looked up", async () => {
    const contents = ["one", "two", "three"].map((name) => `${name} ${randomUUID()}`);
    const tree = new FileTree(Buffer.concat(contents.map(sha256)), crypto.getRandomValues(new Uint8Array(48)));
    const proofOf = tree.prover([await stamp(tree.root)]);
    const proofs = contents.map((_, i) => ({ name: `${i}.txt.ots`, content: writeOts(proofOf(i)) }));
    await using tab = await Tab.open(phone);
    const page = await openPage(tab);
    let calls = 0;
    page.on("request", (request) => {
      if (request.postData()?.includes('"getStatus"')) calls++;
    });
    await dropFiles(page, [
      ...proofs,
      { name: "cut.ots", content: proofs[0]?.content.slice(0, 100) ?? "" },
      { name: "1.txt", content: contents[1] ?? "" },
      { name: "zero", content: contents[0] ?? "" },
      { name: "2.txt", content: "another version" },
      { name: "alone.txt", content: "alone" },
    ]);
    await heading(page, "2 of 4 proofs hold");
    expect(await page.locator("#stamp summary").allInnerTexts()).toEqual([
      "2.txt.ots This is not the file that was stamped",
      "cut.ots The proof cannot be read",
      "0.txt.ots The proof holds",
      "1.txt.ots The proof holds",
    ]);
    expect(calls).toBe(1); // they have the same block
    await page.getByText("cut.ots").click();
    await page.getByText("ends too early (at byte ").waitFor();
    await page.getByText("0.txt.ots").click();
    await page.getByRole("button", { name: "Certificate" }).waitFor();
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    await page.getByRole("button", { name: "Look up 2 other files" }).waitFor();
    expect(tab.problems).toEqual([]);
  });

  test("of a block that the node does not have is not anchored, and without an answer it can be asked again", async () => {
    const content = randomUUID();
    const { ots } = await stampFile(content);
    const served = await fetchServedChain(chain.call);
    const invented = childOf(genesis, new Uint8Array(sha256(content)));
    const fake = writeOts(proveFile(sha256(content), [{ ...served, block: invented }]));
    const other = writeOts(proveFile(sha256(content), [{ ...served, network: 5n, block: invented }]));
    await using tab = await Tab.open();
    const page = await openPage(tab);
    for (const [proof, words] of [
      [fake, "this node has another block at its height"],
      [other, "of another chain than that of this node"],
    ] as const) {
      await dropFiles(page, [{ name: "a.ots", content: proof }]);
      await page.getByText(words).waitFor();
      await heading(page, "The proof is consistent, not anchored");
      expect(await page.getByRole("button", { name: "Certificate" }).count()).toBe(0);
      await page.getByRole("button", { name: "Another file" }).click();
    }
    const { block } = await stampFile(content);
    const sameBlock = writeOts(proveFile(sha256(content), [{ ...served, network: 5n, block }]));
    await dropFiles(page, [
      { name: "of this chain.ots", content: ots },
      { name: "of another.ots", content: sameBlock },
      { name: "file", content },
    ]);
    await heading(page, "1 of 2 proofs holds");
    await page.getByRole("button", { name: "Another file" }).click();
    const error = { code: -32603, message: "internal error" };
    await page.route("**/rpc", (route) => route.fulfill({ json: { jsonrpc: "2.0", id: 1, error } }));
    await dropFiles(page, [{ name: "a.ots", content: ots }]);
    await page.getByText("the node did not answer").waitFor();
    await page.unroute("**/rpc");
    await page.getByRole("button", { name: "Ask again" }).click();
    await heading(page, "The proof holds, but no file was checked");
  });

  test("of Bitcoin, of a calendar or of SHA-1 says what is missing, and nobody else is asked", async () => {
    const start = "004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e8929401";
    const digest = sha256("hello").toString("hex");
    const bitcoin = "000588960d73d7190102ac02"; // height 300
    const calendar = "0083dfe30d2ef90c8e1d1c68747470733a2f2f63616c656e6461722e6578616d706c652e6f7267";
    const root = sha256("hello").reverse().toString("hex");
    await using tab = await Tab.open(phone);
    const page = await openPage(tab);
    for (const [hex, name, ...words] of [
      [`${start}08${digest}${bitcoin}`, "The proof needs Bitcoin", "Bitcoin block 300", root],
      [
        `${start}08${digest}${calendar}`,
        "The proof is not complete yet",
        "It says that calendars promised",
        "https://calendar.example.org not asked",
      ],
      [
        `${start}08${digest}08007fcc294a791668710102`,
        "The proof cannot be checked here",
        "a newer timestampvm names it",
      ],
      [`${start}02${"aa".repeat(20)}${bitcoin}`, "The proof does not hold", "Stamped by sha1", "only SHA-256 counts"],
    ] as const) {
      await dropFiles(page, [{ name: "hello.ots", content: Buffer.from(hex, "hex") }]);
      await heading(page, name);
      const text = await page.locator("#stamp").textContent();
      for (const word of words) expect(text).toContain(word);
      expect(await page.getByRole("button", { name: "Certificate" }).count()).toBe(0);
    }
    expect(tab.requested.filter((url) => !url.startsWith(chain.url))).toEqual([]);
  });

  test("of thousands of calendars or blocks shows and asks no more than people can read", async () => {
    const digest = sha256("hello");
    const start = `004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e892940108${digest.toString("hex")}`;
    const uris = Array.from({ length: 50_000 }, (_, i) => Buffer.from(String(i + 10_000)).toString("hex"));
    const pending = "0083dfe30d2ef90c8e";
    const calendars = `${start}${uris.map((uri) => `ff${pending}0605${uri}`).join("")}${pending}020178`;
    const served = await fetchServedChain(chain.call);
    const blocks = Array.from({ length: 1_000 }, (_, i) => childOf(genesis, new Uint8Array(digest), BigInt(i)));
    const invented = writeOts(
      proveFile(
        digest,
        blocks.map((block) => ({ ...served, block })),
      ),
    );
    await using tab = await Tab.open();
    const page = await openPage(tab);
    await dropFiles(page, [{ name: "calendars.ots", content: Buffer.from(calendars, "hex") }]);
    await heading(page, "The proof is not complete yet");
    expect(await page.locator("#stamp").textContent()).toContain("49,937 more");
    await dropFiles(page, [{ name: "blocks.ots", content: invented }]);
    await page.getByText("this node has another block at its height").first().waitFor();
    expect(await page.getByText("this node has another block at its height").count()).toBe(64);
    expect(tab.problems).toEqual([]);
  });

  test("that holds has a certificate, which is printed alone", async () => {
    const content = `deed ${randomUUID()}`;
    const { block, ots } = await stampFile(content);
    await using tab = await Tab.open();
    const page = await openPage(tab);
    await dropFiles(page, [
      { name: "deed <b>.pdf", content },
      { name: "deed.ots", content: ots },
    ]);
    await page.getByRole("button", { name: "Certificate" }).click();
    const sheet = page.getByRole("dialog", { name: "Certificate of a timestamp" });
    await sheet.waitFor();
    await page.emulateMedia({ media: "print" });
    const text = await sheet.textContent();
    const served = await fetchServedChain(chain.call);
    const facts = [sha256(content).toString("hex"), block.id, served.chain, "deed <b>.pdf", `--to ${block.id}`];
    for (const fact of facts) expect(text).toContain(fact);
    expect(await page.locator("main").isVisible()).toBe(false);
    expect(await page.getByRole("button").allInnerTexts()).toEqual([]);
    const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
    expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
    await page.emulateMedia({ media: "screen" });
    await page.getByRole("button", { name: "Close" }).click();
    await page.locator("dialog").waitFor({ state: "detached" });
    expect(tab.problems).toEqual([]);
  });

  test.each(["light", "dark"] as const)("is easy to use for everybody, in %s", async (colorScheme) => {
    const content = `plain ${randomUUID()}`;
    const { ots } = await stampFile(content);
    await using tab = await Tab.open({ ...phone, colorScheme, reducedMotion: "reduce" });
    await tab.page.addInitScript(axe.source);
    const page = await openPage(tab);
    await dropFiles(page, [
      { name: "a.ots", content: ots },
      { name: "b.ots", content: "damaged" },
    ]);
    await heading(page, "0 of 2 proofs hold");
    for (const line of await page.locator("#stamp summary").all()) await line.press("Enter");
    expect(await faults(page)).toEqual([]);
    await dropFiles(page, [{ name: "a", content }]);
    await heading(page, "1 of 2 proofs holds");
    await page.locator("#stamp summary", { hasText: "a.ots" }).press("Enter");
    await page.getByRole("button", { name: "Certificate" }).press("Enter");
    await page.getByRole("dialog").waitFor();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Certificate" }).waitFor();
  });
});
