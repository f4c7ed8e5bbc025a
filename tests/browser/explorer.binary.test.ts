import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import axe from "axe-core";
import type { Page } from "playwright-core";
import type { Block } from "../../src/core/block.ts";
import { formatExactJson } from "../../src/core/exact-json.ts";
import { formatGenesis, parseGenesis } from "../../src/core/genesis.ts";
import { maxPageProofBytes } from "../../src/explorer/browser/check-proof.ts";
import { blockClaimsOf } from "../../src/proof/block-claims.ts";
import { checkProof } from "../../src/proof/block-proof.ts";
import { readOts } from "../../src/proof/ots/read.ts";
import { startApi } from "../support/api.ts";
import { senderOf } from "../support/caller.ts";
import { acceptAll, bytesOf, chainOn, childOf, decideNext, genesis, now, propose, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { type LiveChain, openLive } from "../support/live.ts";
import { browserPath, closeBrowser, faults, hostName, Tab } from "./browser.ts";

const screenshots = "build/screenshots";

if (browserPath === undefined) process.stderr.write("the explorer is not tested in a browser: no Chromium was found\n");

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");
const hex = (text: string) => `0x${Buffer.from(text).toString("hex")}`;

describe.skipIf(browserPath === undefined)("the explorer in a browser", () => {
  let chain: LiveChain;
  const explorer = (query = "") => `${chain.url}/explorer${query}`;

  beforeAll(async () => {
    chain = await openLive();
  });
  afterAll(closeBrowser);
  afterAll(() => chain.close());

  /** Puts data on the chain, and gives its block when it is accepted. */
  async function stamp(text: string): Promise<{ readonly id: string; readonly height: bigint }> {
    const { id } = await chain.call("stamp", { data: hex(text) });
    const { block } = await chain.call("getReceipt", { id, waitMs: 25_000 });
    if (block === undefined) throw new Error(`not accepted: ${text}`);
    return block;
  }

  describe("reading", () => {
    test("goes from the newest blocks to one, to its parent, and back", async () => {
      await stamp(`parent ${randomUUID()}`);
      const data = `child ${randomUUID()}`;
      const { height, id } = await stamp(data);
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      await page.getByRole("link", { name: data }).click();
      await page.getByRole("heading", { level: 1, name: `Block ${height.toLocaleString("en-US")}` }).waitFor();
      expect(await page.locator("main").textContent()).toContain(id);
      await page.locator("a[rel=prev]").click();
      await page.getByRole("heading", { name: `Block ${(height - 1n).toLocaleString("en-US")}` }).waitFor();
      await page.goBack();
      expect(new URL(page.url()).search).toBe(`?block=${id}`);
      expect(tab.problems).toEqual([]);
    });

    test("finds by height, id and SHA-256, with nothing but keys", async () => {
      const text = `searched ${randomUUID()}`;
      const { height, id } = await stamp(text);
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      for (const [search, heading] of [
        [String(height), `Block ${height.toLocaleString("en-US")}`],
        [id, `Block ${height.toLocaleString("en-US")}`],
        [id.slice(0, 8), `Block ${height.toLocaleString("en-US")}`],
        [sha256(text), "UTC"],
      ] as const) {
        await page.getByRole("searchbox", { name: "Height, block id, SHA-256 or time" }).fill(search);
        await page.keyboard.press("Enter");
        await page.waitForURL((url) => url.searchParams.get("q") === search);
        expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain(heading);
        expect(await page.locator("main").textContent()).toContain(id);
      }
    });

    test("works without JavaScript, and shows nothing that would need it", async () => {
      for (let i = 0; i < 21; i++) await stamp(`plain ${i} ${randomUUID()}`);
      await using tab = await Tab.open({ javaScriptEnabled: false });
      const { page } = tab;
      await page.goto(explorer());
      expect(await page.locator("#blocks li").count()).toBe(20);
      expect(await page.getByText("timestampvm stamp FILE").isVisible()).toBe(true);
      expect(await page.getByRole("button").allInnerTexts()).toEqual(["Search"]);
      await page.getByRole("link", { name: "Older" }).click();
      await page.getByRole("link", { name: "Newer" }).click();
      await page.locator("#blocks a").nth(1).click();
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toStartWith("Block ");
      expect(await page.getByRole("button").allInnerTexts()).toEqual(["Search"]);
      expect(await page.getByText("A file with this block").isVisible()).toBe(false);
      await page.getByRole("searchbox").fill("ff".repeat(32));
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByRole("heading", { name: "Not stamped yet" }).waitFor();
    });

    test("shows text to the last line end", async () => {
      const text = `\n\n  indented ${randomUUID()}\n\n`;
      const { id } = await stamp(text);
      await using tab = await Tab.open();
      await tab.page.goto(explorer(`?block=${id}`));
      expect(await tab.page.locator("pre").textContent()).toBe(text);
    });

    test("on paper has nothing to press", async () => {
      const { id } = await stamp(`printed ${randomUUID()}`);
      await using tab = await Tab.open();
      const { page } = tab;
      await page.emulateMedia({ media: "print" });
      for (const query of ["", `?block=${id}`]) {
        await page.goto(explorer(query));
        await page.locator("button:not([hidden])").nth(1).waitFor({ state: "attached" }); // the script has run
        expect(await page.getByRole("button").allInnerTexts(), query).toEqual([]);
        expect(await page.getByText("Choose files").isVisible()).toBe(false);
        expect(await page.locator("main").textContent()).toContain(id.slice(0, 8));
      }
    });

    test("copies ids", async () => {
      const { id } = await stamp(`copied ${randomUUID()}`);
      await using tab = await Tab.open({ permissions: ["clipboard-read", "clipboard-write"] });
      await tab.page.goto(explorer(`?block=${id}`));
      await tab.page.getByRole("button", { name: "Copy block id" }).click();
      await tab.page.getByText("Copied").first().waitFor();
      expect(await tab.page.evaluate<string>("navigator.clipboard.readText()")).toBe(id);
    });
  });

  describe("a file", () => {
    test("is dropped, hashed, stamped at a click, and its proof holds; its content stays here", async () => {
      const content = `contract ${randomUUID()}`;
      await using tab = await Tab.open();
      const { page } = tab;
      const sent: string[] = [];
      page.on("request", (request) => sent.push(request.postData() ?? ""));
      await page.goto(explorer());
      await drop(page, "contract.txt", content);
      await page.getByRole("heading", { name: "Not stamped yet" }).waitFor();
      expect(await page.locator("#stamp").textContent()).toContain(sha256(content));
      expect(sent.filter((body) => body.includes('"stamp"'))).toEqual([]);
      await page.getByRole("button", { name: "Stamp it now" }).click();
      await page.getByRole("heading", { name: "First stamped" }).waitFor();
      const { blocks } = await chain.call("find", { digest: sha256(content) });
      expect(blocks.map(({ match, data }) => [match, data])).toEqual([["digest", `0x${sha256(content)}`]]);
      const time = await page.locator("#stamp time").nth(1).getAttribute("datetime");
      expect(BigInt(Date.parse(time ?? "") / 1000)).toBe(blocks[0]?.timestamp ?? 0n);
      const { name, proof } = await downloadProof(page);
      expect(name).toBe("contract.txt.proof.json");
      const { block, says } = checkProof(proof);
      expect([block.data.toHex(), String(says.sha256)]).toEqual([sha256(content), sha256(content)]);
      expect(sent.filter((body) => body.includes(Buffer.from(content).toString("base64")))).toEqual([]);
      expect(sent.filter((body) => body.includes(content) || body.includes(hex(content)))).toEqual([]);
      expect(tab.problems).toEqual([]);
    });

    test("that is stamped shows so at once, and no new block comes", async () => {
      const content = `known ${randomUUID()}`;
      const { id } = await stamp(content);
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      await choose(page, content);
      await page.getByRole("heading", { name: "First stamped" }).waitFor();
      expect(await page.locator("#stamp").textContent()).toContain("which carries the file itself");
      expect(await page.locator("#stamp a").first().getAttribute("href")).toBe(`?block=${id}`);
      expect((await chain.call("find", { digest: sha256(content) })).blocks).toHaveLength(1);
    });

    test("of any size has the right SHA-256", async () => {
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      for (const size of [0, 1024 * 1024, 2 * 1024 * 1024 + 1]) {
        const content = Buffer.alloc(size, "0123456789abcdefg");
        await choose(page, content);
        await page.locator("#stamp code").waitFor();
        expect(await page.locator("#stamp code").textContent(), `${size} bytes`).toBe(sha256(content));
        await page.getByRole("button", { name: "Another file" }).click();
      }
    });

    test("goes all the way with nothing but keys, and the focus is never lost", async () => {
      await using tab = await Tab.open();
      const { page } = tab;
      const chooser = page.waitForEvent("filechooser"); // before the page, for the browser hears of it too late else
      await page.goto(explorer());
      await page.keyboard.press("Tab");
      expect(await focused(page)).toBe("Skip to content");
      await page.keyboard.press("Enter");
      await page.locator("main:focus").waitFor();
      await page.keyboard.press("Tab");
      await page.locator("#file:focus").waitFor();
      await page.keyboard.press("Enter");
      await (await chooser).setFiles({ name: "keys.txt", mimeType: "text/plain", buffer: Buffer.from(randomUUID()) });
      await page.getByRole("heading", { name: "Not stamped yet" }).waitFor();
      expect(await focused(page)).toBe("Not stamped yet");
      for (const key of ["Tab", "Tab", "Enter"]) await page.keyboard.press(key);
      await page.getByRole("heading", { name: "First stamped" }).waitFor();
      expect(await focused(page)).toBe("First stamped");
    });

    test("is kept with its SHA-256 while the node is down, and goes on by itself when it is back", async () => {
      const content = randomUUID();
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      const down = page.getByText("The node does not answer. The file is kept. Trying again…").first();
      await page.route("**/explorer?script=*", (route) => route.abort());
      await choose(page, content);
      await down.waitFor();
      expect(await page.locator("#stamp h2").textContent()).toBe("Hashing file.txt");
      await page.route("**/rpc", (route) => route.fulfill({ status: 503, body: "starting" }));
      await page.unroute("**/explorer?script=*");
      await page.getByRole("heading", { name: "Looking up file.txt" }).waitFor();
      await down.waitFor();
      expect(await page.locator("#stamp dd").allTextContents()).toEqual(["file.txt 36 bytes", sha256(content)]);
      await page.unroute("**/rpc");
      await page.getByRole("button", { name: "Stamp it now" }).waitFor();
      await page.route("**/rpc", (route) => route.abort());
      await page.getByRole("button", { name: "Stamp it now" }).click();
      await down.waitFor();
      expect(await page.locator("#stamp").textContent()).toContain(sha256(content));
      await page.unroute("**/rpc");
      await page.getByRole("heading", { name: "First stamped" }).waitFor();
      expect(await down.count()).toBe(0);
    });

    test("that the node does not take says why, and can be tried again", async () => {
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      await choose(page, randomUUID());
      await page.getByRole("button", { name: "Stamp it now" }).waitFor();
      const error = { code: -32603, message: "no room", data: { code: "mempool full", items: 1, bytes: 1 } };
      await page.route("**/rpc", (route) => route.fulfill({ json: { jsonrpc: "2.0", id: 1, error } }));
      await page.getByRole("button", { name: "Stamp it now" }).click();
      await page.getByRole("heading", { name: "That did not work" }).waitFor();
      expect(await page.locator("#stamp").textContent()).toContain("no room");
      await page.unroute("**/rpc");
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("heading", { name: "First stamped" }).waitFor();
      await page.getByRole("button", { name: "Another file" }).click();
      await page.getByRole("heading", { name: "Stamp or look up a file" }).waitFor();
    });

    test("need not be hashed to its end", async () => {
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      await page.route("**/explorer?script=*", () => {}); // never answered
      await choose(page, randomUUID());
      await page.getByRole("heading", { name: "Hashing file.txt" }).waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("heading", { name: "Stamp or look up a file" }).waitFor();
      await page.unroute("**/explorer?script=*");
      await choose(page, "another");
      await page.locator("#stamp dd code").getByText(sha256("another")).waitFor();
    });

    test("that a block of unknown time carries is stamped again with a nonce, which is kept", async () => {
      const content = randomUUID();
      const { vm } = startVm({ clock: new FakeClock(now + 3_600n) });
      const api = startApi(vm);
      const fetch = (request: Request) => api.fetch(request, senderOf(request.signal));
      const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
      try {
        acceptAll(vm, [childOf(genesis, Uint8Array.fromHex(sha256(content)), now)]);
        await using tab = await Tab.open();
        const { page } = tab;
        await page.goto(`${server.url}explorer`);
        await choose(page, content);
        await page.getByText("not confirmed by this node").first().waitFor();
        const ots = page.locator("#stamp").getByRole("button", { name: "Download proof (.ots)" });
        await ots.waitFor();
        await page.getByRole("button", { name: "Stamp it again" }).click();
        await page.getByText("Until one is accepted, nothing is proven").waitFor();
        const nonce = await row(page, "Nonce").then((text) => text?.replace("Copy", "") ?? "");
        await page.getByText("Keep this nonce with the file").waitFor();
        decideNext(vm);
        await page.getByRole("heading", { name: "Stamped again, with a nonce" }).waitFor();
        expect(await row(page, "Nonce")).toStartWith(nonce);
        const salted = sha256(Buffer.from(sha256(content) + nonce.slice(2), "hex"));
        expect(vm.confirmed.last.data.toHex()).toBe(salted);
        propose(vm, "a later one");
        decideNext(vm);
        const { proof } = await downloadProof(page);
        const { block, says } = checkProof(proof);
        expect([block.data.toHex(), String(says.sha256), `0x${says.nonce?.toHex()}`]).toEqual([
          salted,
          sha256(content),
          nonce,
        ]);
        await ots.waitFor();
        await page.reload();
        const download = page.waitForEvent("download");
        await page.locator("#history").getByRole("button", { name: "Download proof (.ots)" }).click();
        const kept = readOts(readFileSync(await (await download).path()));
        const carried = blockClaimsOf(kept).map((claim) => (claim.kind === "block" ? claim.block.data.toHex() : ""));
        expect(carried.toSorted()).toEqual([sha256(content), salted].toSorted());
        expect(tab.problems).toEqual([]);
      } finally {
        await server.stop(true);
        vm.close();
      }
    });

    test("is stamped by its SHA-256 as well", async () => {
      const digest = sha256(randomUUID());
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer(`?digest=${digest}`));
      await page.route("**/rpc", (route) => route.abort());
      await page.getByRole("button", { name: "Stamp it now" }).press("Enter");
      await page.getByText("The node does not answer. The SHA-256 is kept. Trying again…").first().waitFor();
      await page.locator("#stamp-digest p:focus").waitFor(); // and not the top of the page
      await page.unroute("**/rpc");
      await page.getByText("First stamped").waitFor();
      const { proof } = await downloadProof(page);
      expect(checkProof(proof).block.data.toHex()).toBe(digest);
    });
  });

  describe("a proof", () => {
    /** The proof from a block with this text to a later one, as the command writes it, and what it is about. */
    async function prove(text: string) {
      const block = await stamp(text);
      const to = await stamp(`later ${randomUUID()}`);
      const { proof } = await chain.call("getProof", { id: block.id, to: to.id });
      return { block, to, proof, json: formatExactJson(proof) };
    }

    test("is checked here, and says what it proves and that it is of this chain", async () => {
      const text = `proven ${randomUUID()}`;
      const { block, to, proof, json } = await prove(text);
      await using tab = await Tab.open();
      const { page } = tab;
      const sent: string[] = [];
      page.on("request", (request) => sent.push(request.postData() ?? ""));
      await page.goto(explorer());
      for (const [name, content] of [
        ["evidence", `${json}\n`],
        ["evidence.json", JSON.stringify(JSON.parse(json), undefined, 2)],
      ] as const) {
        await drop(page, name, content);
        await page.getByRole("heading", { name: "The proof holds" }).waitFor();
        expect(await page.locator("#stamp").textContent()).toContain("On this chain");
        expect(await row(page, "File")).toBe(`${name} ${content.length.toLocaleString("en-US")} bytes`);
        expect(await row(page, "Block")).toBe(block.id);
        expect(await row(page, "Height")).toBe(block.height.toLocaleString("en-US"));
        expect(await row(page, "SHA-256 of its data")).toBe(`${sha256(text)} ${text.length} bytes`);
        expect(await row(page, "Length")).toBe(`${to.height - block.height + 1n} blocks`);
        expect(await row(page, "Last block")).toStartWith(
          `${to.id} height ${to.height.toLocaleString("en-US")}, claimed `,
        );
        const time = await page.locator("#stamp time").first().getAttribute("datetime");
        expect(BigInt(Date.parse(time ?? "") / 1000)).toBe(proof.timestamp);
        await page.getByRole("button", { name: "Another file" }).click();
      }
      expect(sent.filter((body) => body.includes(block.id) || body.includes(sha256(text)))).toEqual([]);
      expect(tab.problems).toEqual([]);
    });

    test("of a SHA-256 shows that, and leads to its block", async () => {
      const digest = sha256(randomUUID());
      const { id } = await chain.call("stamp", { digest });
      const { block } = await chain.call("getReceipt", { id, waitMs: 25_000 });
      const to = await stamp(`later ${randomUUID()}`);
      const { proof } = await chain.call("getProof", { digest, to: to.id });
      await using tab = await Tab.open();
      await tab.page.goto(explorer());
      await choose(tab.page, formatExactJson(proof));
      await tab.page.getByRole("heading", { name: "The proof holds" }).waitFor();
      expect(await row(tab.page, "Its data, a SHA-256")).toBe(digest);
      expect(await row(tab.page, "SHA-256 of the file")).toBe(digest);
      expect(await row(tab.page, "It says, not checked")).toContain("made by timestampvm ");
      await tab.page
        .getByRole("link", { name: block?.id ?? "" })
        .first()
        .click();
      await tab.page.getByRole("heading", { level: 1, name: "Block " }).waitFor();
    });

    test("that is damaged says what does not hold, and is a file like any other", async () => {
      const { json, proof } = await prove(`damaged ${randomUUID()}`);
      const [first = ""] = proof.blocks;
      const otherTime = (digits: string) => json.replace(`"timestamp":${proof.timestamp},"digest"`, digits);
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      for (const [name, content, problem] of [
        ["a", json.replace(first, first.replace(/227d$/, "22207d")), "block 1 is not a child of the one before"],
        ["b", json.replace(first, first.slice(0, -1)), "block 0: "],
        ["c", otherTime(`"timestamp":1,"digest"`), `the proven block has timestamp ${proof.timestamp}, not 1`],
        ["d", json.slice(0, -1), "it is not JSON"],
        ["e.proof.json", "no proof at all", "it is not JSON"],
        ["f.proof.json", "[]", "it is not a JSON object"],
      ] as const) {
        await drop(page, name, content);
        await page.getByText(problem).waitFor();
        expect(await page.locator("#stamp h2").textContent(), name).toBe("The proof does not hold");
        expect(await row(page, "File")).toStartWith(`${name} `);
      }
      await page.getByRole("button", { name: "Look up this file itself" }).click();
      await page.getByRole("heading", { name: "Not stamped yet" }).waitFor();
      expect(await page.locator("#stamp code").textContent()).toBe(sha256("[]"));
      expect(tab.problems).toEqual([]);
    });

    test("of another chain is consistent, and no more", async () => {
      const genesis = parseGenesis(bytesOf(formatGenesis(`another chain ${randomUUID()}`)));
      const blocks = [genesis, ...chainOn(genesis, 2)];
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      await choose(page, JSON.stringify(proofOf(blocks)));
      await page.getByRole("heading", { name: "The proof is consistent, not anchored" }).waitFor();
      await page.getByText("This node does not know its last block.").waitFor();
      const text = await page.locator("#stamp").textContent();
      expect(text).not.toContain("On this chain");
      expect(await row(page, "Block")).toBe(genesis.id);
      expect(await row(page, "Length")).toBe("3 blocks");
      expect(await page.locator("#stamp a").count()).toBe(0);
    });

    test("is not taken for one where it only looks like it", async () => {
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      for (const content of ['{"version":1,"id":"left-pad","blocks":[]}', '["version"]', "{", ""]) {
        await choose(page, content);
        await page.getByRole("heading", { name: "Not stamped yet" }).waitFor();
        expect(await page.locator("#stamp code").textContent(), content).toBe(sha256(content));
        await page.getByRole("button", { name: "Another file" }).click();
      }
    });

    test("that is too large is not read", async () => {
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      const piece = `new Uint8Array(${maxPageProofBytes / 16})`;
      await dropFile(page, `new File([...Array(16).fill(${piece}), "}"], "large.proof.json")`);
      await page.getByText("This page checks proofs of up to 33,554,432 bytes.").waitFor();
    });

    test("is refused with the reason where the browser cannot check it, and not called false", async () => {
      const { json } = await prove(`old browser ${randomUUID()}`);
      await using tab = await Tab.open();
      const { page } = tab;
      await page.addInitScript("delete Uint8Array.fromHex");
      await page.goto(explorer());
      await choose(page, json);
      await page.getByText("This browser is too old to check a proof.").waitFor();
    });

    test("is checked though the node does not answer, and anchored when it does", async () => {
      const { json } = await prove(`asked ${randomUUID()}`);
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      await page.route("**/rpc", (route) => route.abort());
      await choose(page, json);
      await page.getByRole("heading", { name: "The proof is consistent, not anchored" }).waitFor();
      await page.getByText("The node does not answer. The file is kept. Trying again…").first().waitFor();
      await page.unroute("**/rpc");
      await page.getByRole("heading", { name: "The proof holds" }).waitFor();
    });

    test("of one block holds as well: its data existed when the block was made", async () => {
      const { id } = await stamp(`alone ${randomUUID()}`);
      const { proof } = await chain.call("getProof", { id, to: id });
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      await choose(page, formatExactJson(proof));
      await page.getByRole("heading", { name: "The proof holds" }).waitFor();
      await page.getByText("its data was there when it was made").waitFor();
      expect(await row(page, "Length")).toBe("1 block");
    });
  });

  test("the page of a digest that waits for its block shows it when it comes, and stamps nothing", async () => {
    const { vm } = startVm();
    const api = startApi(vm);
    const fetch = (request: Request) => api.fetch(request, senderOf(request.signal));
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
    try {
      propose(vm, "waits");
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(`${server.url}explorer?digest=${sha256("waits")}`);
      await page.getByRole("heading", { name: "Not accepted yet" }).waitFor();
      await page.getByText("Until one is accepted, nothing is proven").first().waitFor();
      decideNext(vm);
      await page.getByText("First stamped").waitFor();
      expect(vm.status().mempool.items).toBe(0);
      expect(tab.problems).toEqual([]);
    } finally {
      await server.stop(true);
      vm.close();
    }
  });

  test("a proof leads to the next block, however many there are, and says that it proves nothing without one", async () => {
    const { id, height } = await stamp(`old ${randomUUID()}`);
    await using tab = await Tab.open();
    const { page } = tab;
    await page.goto(explorer(`?block=${id}`));
    await page.getByText("A file with this block alone, which proves nothing yet").waitFor();
    const alone = checkProof((await downloadProof(page)).proof);
    expect([String(alone.block.id), alone.length]).toEqual([id, 1]);
    await page.getByRole("button", { name: "One block proves nothing yet" }).waitFor();
    for (let i = 0; i < 3; i++) await stamp(`later ${randomUUID()}`);
    await page.reload();
    await page.getByText("A file with this block and the next one.").waitFor();
    const { name, proof } = await downloadProof(page);
    const checked = checkProof(proof);
    expect(name).toBe(`block-${height}.proof.json`);
    expect([String(checked.block.id), checked.length]).toEqual([id, 2]);
  });

  describe("the list of the newest blocks", () => {
    test("follows the chain, and stops when asked to", async () => {
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      const live = page.getByRole("button", { name: "Live" });
      await live.waitFor();
      const text = `news ${randomUUID()}`;
      const { height } = await stamp(text);
      await page.locator("#blocks li").first().getByText(text).waitFor();
      expect(await page.locator("#height").textContent()).toBe(height.toLocaleString("en-US"));
      expect(await page.locator("#announcer").textContent()).toContain("accepted");
      await live.click();
      expect(await page.locator("#announcer").textContent()).toBe("Paused");
      const missed = `missed ${randomUUID()}`;
      await stamp(missed);
      await page.getByRole("button", { name: "Paused" }).click();
      await page.locator("#blocks li").first().getByText(missed).waitFor();
      expect(await page.locator("#blocks li").count()).toBeLessThanOrEqual(20);
      expect(tab.problems).toEqual([]);
    });

    test("takes away no block that has the focus", async () => {
      for (let i = 0; i < 20; i++) await stamp(`twenty ${i} ${randomUUID()}`);
      await using tab = await Tab.open();
      const { page } = tab;
      await page.goto(explorer());
      await page.locator("#blocks a").last().focus();
      const text = await focused(page);
      const news = `one more ${randomUUID()}`;
      await stamp(news);
      await page.locator("#blocks li").first().getByText(news).waitFor();
      expect((await focused(page)).slice(0, 60)).toBe(text.slice(0, 60));
    });

    test("says nothing when the node is back and no block has come", async () => {
      await stamp(`one at least ${randomUUID()}`);
      await using tab = await Tab.open();
      const { page } = tab;
      await page.route("**/rpc", (route) => route.abort());
      await page.goto(explorer());
      await page.getByRole("button", { name: "No answer. Trying again" }).waitFor();
      await page.unroute("**/rpc");
      await page.getByRole("button", { name: "Live" }).waitFor();
      expect(await page.locator("#announcer").textContent()).toBe("");
    });

    test("says when the node is gone, and comes back with it", async () => {
      await using tab = await Tab.open();
      const { page } = tab;
      await page.route("**/rpc", (route) => route.abort());
      await page.goto(explorer());
      await page.getByRole("button", { name: "No answer. Trying again" }).waitFor();
      const dot = "getComputedStyle(document.getElementById('live'), '::before').backgroundColor";
      expect(await page.evaluate<string>(dot)).toBe("rgb(217, 119, 6)"); // amber
      const text = `meanwhile ${randomUUID()}`;
      await stamp(text);
      await page.unroute("**/rpc");
      await page.locator("#blocks li").first().getByText(text).waitFor();
      await page.getByRole("button", { name: "Live" }).waitFor();
    });
  });

  test("times are absolute, and in the visitor's zone too", async () => {
    const { id } = await stamp(`timed ${randomUUID()}`);
    const { block } = await chain.call("getBlock", { id });
    await using tab = await Tab.open({ timezoneId: "Asia/Tokyo" });
    const { page } = tab;
    const inTokyo = new Date(Number(block.timestamp + 9n * 3_600n) * 1_000)
      .toISOString()
      .slice(0, 19)
      .replace("T", " ");
    const inUtc = new Date(Number(block.timestamp) * 1_000).toISOString().slice(0, 19).replace("T", " ");
    await page.goto(explorer());
    await page.locator(`li[data-block="${id}"] time[title="${inTokyo} Asia/Tokyo"]`).first().getByText(inUtc).waitFor();
    await page.goto(explorer(`?block=${id}`));
    await page.getByText(`${inUtc} UTC = ${inTokyo} Asia/Tokyo`).first().waitFor();
    expect(tab.problems).toEqual([]);
  });

  test("a block's data is saved, not shown", async () => {
    const html = `<script>alert(1)</script>${randomUUID()}`;
    const { id, height } = await stamp(html);
    await using tab = await Tab.open();
    await tab.page.goto(explorer(`?block=${id}`));
    const download = tab.page.waitForEvent("download");
    await tab.page.getByRole("link", { name: "Download" }).click();
    const saved = await download;
    expect(saved.suggestedFilename()).toBe(`block-${height}.bin`);
    expect(readFileSync(await saved.path(), "utf8")).toBe(html);
    expect(tab.problems).toEqual([]);
  });

  describe("a page of another host, without HTTPS,", () => {
    const { vm } = startVm();
    const api = startApi(vm);
    const fetch = (request: Request) => api.fetch(request, senderOf(request.signal));
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
    const page = `http://${hostName}:${server.port}/explorer`;
    afterAll(async () => {
      await server.stop(true);
      vm.close();
    });

    test("hashes files, by WebAssembly", async () => {
      await using tab = await Tab.open();
      await tab.page.goto(page);
      expect(await tab.page.evaluate<boolean>("isSecureContext || 'subtle' in crypto")).toBe(false);
      const content = Buffer.alloc(1_000_001, "0123456789abcdefg");
      await choose(tab.page, content);
      await tab.page.locator("#stamp dd code").getByText(sha256(content)).waitFor();
      expect(tab.problems).toEqual([]);
    });

    test("copies ids, and says so if it cannot", async () => {
      await using tab = await Tab.open();
      await tab.page.goto(`${page}?height=0`);
      await tab.page.getByRole("button", { name: "Copy block id" }).click();
      await tab.page.getByText("Copied").first().waitFor();
      await tab.page.getByRole("searchbox").focus();
      await tab.page.keyboard.press("Control+V");
      expect(await tab.page.getByRole("searchbox").inputValue()).toBe(genesis.id);
      await tab.page.evaluate("document.execCommand = () => false");
      await tab.page.getByRole("button", { name: "Copy SHA-256 of the data" }).click();
      await tab.page.getByText("Not copied: press Ctrl+C").first().waitFor();
      expect(await tab.page.evaluate<string>("String(getSelection())")).toBe(sha256(genesis.data));
    });
  });

  test("what others put on the chain runs nowhere, and nothing is asked of anyone else", async () => {
    const attack = `<img src=x onerror="alert(1)"><script>alert(2)</script>"'><svg onload=alert(3)> ${randomUUID()}`;
    await using tab = await Tab.open();
    const { page } = tab;
    await page.goto(explorer());
    const { id } = await stamp(attack); // comes into the list by script, too
    await page.locator("#blocks li").first().getByText(attack.slice(0, 40)).waitFor();
    for (const query of ["", `?block=${id}`, `?q=${encodeURIComponent(attack)}`]) {
      await page.goto(explorer(query));
      expect(await page.locator("main").textContent(), query).toContain(`<img src=x onerror="alert(1)">`);
      expect(await page.locator("main img, main script").count()).toBe(0);
    }
    await page.goto(explorer());
    await drop(page, `<img src=x onerror=alert(4)>.txt`, randomUUID());
    await page.locator("#stamp dd").getByText("<img src=x onerror=alert(4)>.txt").waitFor();
    const name = "invoice\u202efdp.exe";
    await drop(page, name, randomUUID());
    await page.locator("#stamp bdi").getByText(name).waitFor(); // turns nothing but itself
    expect(await page.locator("#stamp dd").first().textContent()).toBe(`${name} 36 bytes`);
    expect(tab.problems).toEqual([]);
    expect(tab.requested.filter((url) => !url.startsWith(`${chain.url}/`) && !url.startsWith("data:"))).toEqual([]);
  });

  test.each(["light", "dark"] as const)(
    "in %s colours all can be read by everyone, on a desk and on a phone",
    async (colorScheme) => {
      mkdirSync(screenshots, { recursive: true });
      const long = await stamp(`${"https://example.org/a-word-that-does-not-end/".repeat(30)} ${randomUUID()}`);
      const file = `shown in ${colorScheme} ${randomUUID()}`;
      await using tab = await Tab.open({ colorScheme, reducedMotion: "reduce" });
      const { page } = tab;
      await page.addInitScript(axe.source);
      const look = async (name: string) => {
        for (const width of [1280, 390, 320]) {
          await page.setViewportSize({ width, height: 800 });
          await page.screenshot({ path: `${screenshots}/${name}-${colorScheme}-${width}.png` });
          expect(await page.evaluate<number>("document.documentElement.scrollWidth"), name).toBe(width);
        }
        expect(await faults(page), name).toEqual([]);
      };
      await page.goto(explorer());
      await look("blocks");
      await choose(page, file);
      await page.getByRole("button", { name: "Stamp it now" }).waitFor();
      await look("not-stamped");
      await page.getByRole("button", { name: "Stamp it now" }).click();
      await page.getByRole("heading", { name: "First stamped" }).waitFor();
      await look("stamped");
      const { id: to } = await chain.call("lastAccepted", undefined);
      const { proof } = await chain.call("getProof", { id: long.id, to });
      await drop(page, "evidence.json", formatExactJson(proof));
      await page.getByRole("heading", { name: "The proof holds" }).waitFor();
      await look("proof");
      await drop(page, "evidence.json", JSON.stringify(proofOf(chainOn(genesis, 2))));
      await page.getByText("This node does not know its last block.").waitFor();
      await look("proof-unknown");
      for (const [name, query] of [
        ["block", `?block=${long.id}`],
        ["unknown-digest", `?digest=${"ab".repeat(32)}`],
        ["malformed", `?q=${"nonsense".repeat(20)}`],
      ] as const) {
        await page.goto(explorer(query));
        await look(name);
      }
    },
  );
});

/** What `dt` says in the place for files. */
function row(page: Page, name: string): Promise<string | null> {
  return page
    .locator("#stamp dt")
    .getByText(name, { exact: true })
    .locator("xpath=following-sibling::dd[1]")
    .textContent();
}

/** Lets a file fall anywhere on the page, as the browser reports it. */
function drop(page: Page, name: string, content: string): Promise<void> {
  return dropFile(page, `new File([${JSON.stringify(content)}], ${JSON.stringify(name)})`);
}

/** `file` is the script that makes it. */
async function dropFile(page: Page, file: string): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    `(() => {
      const transfer = new DataTransfer();
      transfer.items.add(${file});
      return transfer;
    })()`,
  );
  await page.dispatchEvent("body", "dragover", { dataTransfer });
  await page.dispatchEvent("body", "drop", { dataTransfer });
}

/** From the first of the blocks to the last. */
function proofOf(blocks: readonly Block[]) {
  const [first, last] = [blocks[0] ?? genesis, blocks.at(-1) ?? genesis];
  const name = ({ id, height, timestamp }: Block) => ({ id, height: Number(height), timestamp: Number(timestamp) });
  const hex = blocks.map(({ bytes }) => `0x${bytes.toHex()}`);
  return { version: 1, ...name(first), digest: `0x${sha256(first.data)}`, to: name(last), blocks: hex };
}

async function choose(page: Page, content: string | Buffer): Promise<void> {
  await page.setInputFiles("#file", { name: "file.txt", mimeType: "text/plain", buffer: Buffer.from(content) });
}

async function downloadProof(page: Page): Promise<{ readonly name: string; readonly proof: unknown }> {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: /^(Download proof|Proof for auditors \(JSON\))$/ }).click();
  const saved = await download;
  return { name: saved.suggestedFilename(), proof: JSON.parse(readFileSync(await saved.path(), "utf8")) };
}

function focused(page: Page): Promise<string> {
  return page.evaluate<string>("document.activeElement.textContent");
}
