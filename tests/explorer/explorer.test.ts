import { describe, expect, spyOn, test } from "bun:test";
import { idFromBytes } from "../../src/avalanche/id.ts";
import { createBlock } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { BlockStore } from "../../src/store/block-store.ts";
import { ConfirmedChain } from "../../src/vm/confirmed-chain.ts";
import type { Vm } from "../../src/vm/vm.ts";
import {
  acceptAll,
  allOf,
  bytesOf,
  chainOn,
  childOf,
  genesis,
  now,
  propose,
  spaced,
  startVm,
} from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { askPage, openPage, sha256Source } from "./explorer-page.ts";

const attack = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`;
const unknownDigest = "ab".repeat(32);
const unknownId = idFromBytes(new Uint8Array(32).fill(9));

/** A chain with these blocks' data after its genesis. */
function chainWith(...contents: readonly (string | Uint8Array)[]) {
  const { vm } = startVm();
  const blocks = [genesis];
  for (const data of contents) blocks.push(childOf(blocks.at(-1) ?? genesis, data, now + BigInt(blocks.length)));
  acceptAll(vm, blocks.slice(1));
  return { vm, blocks };
}

function blockAt(blocks: readonly (typeof genesis)[], height: number) {
  const block = blocks[height];
  if (block === undefined) throw new Error(`no block ${height}`);
  return block;
}

describe("every page", () => {
  const { vm, blocks } = chainWith("one", "two", new Uint8Array(32).fill(255), "two", "");
  const queries = [
    ["the newest blocks", "", 200],
    ["older blocks", "?from=2", 200],
    ["a block", `?block=${blockAt(blocks, 1).id}`, 200],
    ["a block with bytes", "?height=3", 200],
    ["the genesis block", "?height=0", 200],
    ["a stamp", `?digest=${digestOf(bytesOf("two"))}`, 200],
    ["an unknown block", `?block=${unknownId}`, 404],
    ["a height to come", "?height=6", 404],
    ["an unknown digest", `?digest=${unknownDigest}`, 404],
    ["a malformed search", "?q=what%3F", 400],
  ] as const;

  test.each(queries)("%s, %s, has status %i", async (_name, query, status) => {
    const page = await openPage(vm, query);
    expect(page.status).toBe(status);
    expect(page.headers.get("content-type")).toBe("text/html; charset=UTF-8");
    expect(page.html).toStartWith("<!doctype html><html lang=");
  });

  test.each(queries)("%s, %s, lets nothing act but its own script and style", async (_name, query) => {
    const { headers, html, elements } = await openPage(vm, query);
    expect(elements.filter((element) => /^script|^style/.test(element))).toEqual(["style ", "script "]);
    const style = /<style>(.*?)<\/style>/s.exec(html)?.[1];
    const script = /<script>(.*?)<\/script>/s.exec(html)?.[1];
    expect(headers.get("content-security-policy")?.split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${sha256Source(script)}`,
      "worker-src 'self'",
      `style-src ${sha256Source(style)}`,
      "img-src data:",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(elements.filter((element) => / on\w+| style/.test(element))).toEqual([]);
  });

  test.each(queries)("%s, %s, refers to nothing outside, wherever it is mounted", async (_name, query) => {
    const { references } = await openPage(vm, query);
    expect(references.length).toBeGreaterThan(3);
    for (const reference of references) expect(reference).toMatch(/^(\?|#|explorer$|data:image\/svg)/);
  });

  test.each(queries)("%s, %s, has one heading of the first level and a title of its own", async (_name, query) => {
    const { elements, texts } = await openPage(vm, query);
    expect(elements.filter((element) => element.startsWith("h1"))).toHaveLength(1);
    expect((await texts("title"))[0]).toMatch(/^.+ · timestampvm$/);
  });

  test("says what the chain is, where that must be said", async () => {
    const [notice, none] = [await openPage(vm, "", "only <a> test"), await openPage(vm)];
    expect(await notice.texts(".notice")).toEqual(["only <a> test"]);
    expect(await none.texts(".notice")).toEqual([]);
  });

  test("says when newer blocks may be missing", async () => {
    const { vm } = startVm();
    vm.setState("bootstrapping");
    expect(await (await openPage(vm)).texts(".notice")).toEqual([
      "this node is bootstrapping: newer blocks may be missing",
    ]);
  });

  test("lists large blocks by how they begin, and reads none of them", async () => {
    const { vm } = chainWith("x".repeat(1_000_000), new Uint8Array(1_000_000).fill(255));
    using reads = spyOn(vm.confirmed, "getBlockAtHeight");
    const page = await openPage(vm);
    expect(reads).not.toHaveBeenCalled();
    expect(page.text).toContain("x".repeat(90));
    expect(page.text.match(/1,000,000 bytes/g)).toHaveLength(2);
  });

  /** The page also says which chain it shows, what is known of times, and that a node is down: words take bytes. */
  test("is small, whatever is in the blocks", async () => {
    const { vm } = chainWith(...Array.from({ length: 25 }, () => `"`.repeat(1_000)));
    expect(Buffer.byteLength((await openPage(vm)).html)).toBeLessThan(160_000);
    const { vm: large } = chainWith(`"`.repeat(1_000_000), new Uint8Array(1_000_000).fill(255));
    for (const height of [1, 2]) {
      expect(Buffer.byteLength((await openPage(large, `?height=${height}`)).html)).toBeLessThan(120_000);
    }
  });
});

describe("requests", () => {
  test("HEAD has the headers of GET and no body", async () => {
    const { vm } = startVm();
    const [get, head] = [await askPage(vm), await askPage(vm, { method: "HEAD" })];
    expect(head.status).toBe(200);
    expect([...head.headers]).toEqual([...get.headers]);
    expect(await head.text()).toBe("");
  });

  test("that take gzip get it", async () => {
    const { vm } = chainWith(
      ...Array.from({ length: 25 }, (_, i) => Uint8Array.fromHex(digestOf(bytesOf(`file ${i}`)))),
    );
    const plain = await (await askPage(vm)).text();
    const response = await askPage(vm, { headers: { "Accept-Encoding": "gzip, deflate, br" } });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.get("vary")?.toLowerCase()).toContain("accept-encoding");
    const body = await response.bytes();
    expect(new TextDecoder().decode(Bun.gunzipSync(new Uint8Array(body)))).toBe(plain);
    expect(body.length).toBeLessThan(60_000);
  });

  test.each(["POST", "PUT", "DELETE"])("%s is not taken", async (method) => {
    const response = await askPage(startVm().vm, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("what others write", () => {
  test("in a block stays text", async () => {
    const harmless = "x".repeat(attack.length);
    const [attacked, plain] = [chainWith(attack, attack), chainWith(harmless, harmless)];
    for (const query of ["", "?height=1", "?height=2", "?from=1"]) {
      const page = await openPage(attacked.vm, query);
      expect(page.elements).toEqual((await openPage(plain.vm, query)).elements);
      expect(page.text).toContain(attack);
    }
    const page = await openPage(attacked.vm, `?digest=${digestOf(bytesOf(attack))}`);
    expect(page.elements).toEqual((await openPage(plain.vm, `?digest=${digestOf(bytesOf(harmless))}`)).elements);
  });

  test.each(["q", "block", "height", "digest", "from"])("in the parameter %s stays text", async (name) => {
    const { vm } = startVm();
    const page = await openPage(vm, `?${name}=${encodeURIComponent(attack)}`);
    expect(page.status).toBe(400);
    expect(page.elements).toEqual((await openPage(vm, `?${name}=harmless!`)).elements);
    expect(page.text).toContain(`“${attack}”`);
  });

  test("too long to repeat is cut", async () => {
    const { text } = await openPage(startVm().vm, `?block=${"!".repeat(500)}`);
    expect(text).toContain(`“${"!".repeat(100)}”`);
  });
});

describe("the list of blocks", () => {
  test("begins at the newest, with height, data, size and time of each", async () => {
    const { vm, blocks } = chainWith("one", new Uint8Array([255, 0]));
    const { texts, html } = await openPage(vm);
    expect(await texts(".blocks .height")).toEqual(["Block 2", "Block 1", "Block 0"]);
    expect(await texts(".blocks .preview")).toEqual(["0xff00", "one", "Hello from Rust VM!"]);
    expect(await texts(".blocks .about > span")).toEqual([
      "2 bytes",
      "seen by this node 2023-11-14 22:13:20 UTC",
      "3 bytes",
      "seen by this node 2023-11-14 22:13:20 UTC",
      "19 bytes",
    ]);
    expect(await texts(".blocks .when")).toHaveLength(3);
    expect(html).toContain('<span class="when"><time datetime="2023-11-14T22:13:22Z">2023-11-14 22:13:22 UTC</time>');
    for (const { id } of blocks) expect(html).toContain(`title="${id}"`);
  });

  test("goes through the whole chain, block by block, older and newer", async () => {
    const { vm } = startVm();
    acceptAll(vm, chainOn(genesis, 50));
    const heights: string[] = [];
    let query: string | undefined = "";
    const walked: string[] = [];
    for (; query !== undefined; query = await linkOf(vm, query, "next")) {
      heights.push(...(await (await openPage(vm, query)).texts(".blocks .height")));
      walked.push(query);
    }
    expect(heights).toEqual(Array.from({ length: 51 }, (_, i) => `Block ${50 - i}`));
    expect(walked).toEqual(["", "?from=30", "?from=10"]);
    expect(await linkOf(vm, "?from=10", "prev")).toBe("?from=30");
    expect(await linkOf(vm, "?from=30", "prev")).toBe("explorer");
    expect(await linkOf(vm, "", "prev")).toBeUndefined();
  });

  test("is the newest one from a height to come", async () => {
    const { vm } = chainWith("one");
    expect(await (await openPage(vm, "?from=18446744073709551615")).texts(".blocks .height")).toEqual([
      "Block 1",
      "Block 0",
    ]);
  });

  test("of a new chain says that there is no stamp yet", async () => {
    const { vm } = startVm();
    expect((await openPage(vm)).text).toContain("No stamps yet");
    acceptAll(vm, [childOf(genesis, "one")]);
    expect((await openPage(vm)).text).not.toContain("No stamps yet");
  });

  test("has only blocks that the node's database knows", async () => {
    const { vm, blocks } = chainWith("one");
    const next = childOf(blockAt(blocks, 1), "only accepted", now + 1n);
    vm.verifyBlock(next.bytes);
    for (const decide of [() => {}, () => vm.acceptBlock(next.id)]) {
      decide();
      expect((await openPage(vm)).text).not.toContain("only accepted");
      for (const query of [`?block=${next.id}`, "?height=2", "?q=2"]) {
        expect((await openPage(vm, query)).status, query).toBe(404);
      }
      expect((await openPage(vm, "?height=1")).html).not.toContain(next.id);
    }
    vm.confirm(next);
    expect((await openPage(vm, "?height=2")).text).toContain("only accepted");
  });
});

describe("a block's page", () => {
  const { vm, blocks } = chainWith("one", "two", "one");

  test("has everything of it, and leads to its neighbours", async () => {
    const block = blockAt(blocks, 2);
    const { text, html } = await openPage(vm, `?block=${block.id}`);
    for (const part of [
      "Block 2",
      "Accepted",
      "2023-11-14 22:13:22 UTC",
      "two",
      block.id,
      block.parentId,
      "1700000002",
      digestOf(block.data),
    ]) {
      expect(text).toContain(part);
    }
    expect(html).toMatch(new RegExp(`rel="prev" href="\\?block=${blockAt(blocks, 1).id}"`));
    expect(html).toMatch(new RegExp(`rel="next" href="\\?block=${blockAt(blocks, 3).id}"`));
  });

  test("has no neighbours before the first and after the last", async () => {
    expect(await linkOf(vm, "?height=0", "prev")).toBeUndefined();
    expect(await linkOf(vm, "?height=3", "next")).toBeUndefined();
    expect((await openPage(vm, "?height=0")).text).toContain("this is the genesis block");
  });

  test("points to the first block with the same data", async () => {
    expect((await openPage(vm, "?height=3")).text).toContain("First stamped in block 1,");
    expect((await openPage(vm, "?height=1")).text).not.toContain("First stamped");
  });

  test("points from a digest to its stamps", async () => {
    const digest = new Uint8Array(32).fill(200);
    const { vm } = chainWith(digest, "t".repeat(32));
    expect((await openPage(vm, "?height=1")).html).toContain(`href="?digest=${digest.toHex()}"`);
    expect((await openPage(vm, "?height=2")).text).not.toContain("as long as a SHA-256");
  });

  test("shows the beginning of much data, and says how much is left", async () => {
    const { vm } = chainWith("a".repeat(1_500));
    const { texts, text } = await openPage(vm, "?height=1");
    expect(await texts("pre")).toEqual([`\n${"a".repeat(1_024)}`]); // HTML takes a line end away there
    expect(text).toContain("476 bytes more: download the data");
  });
});

describe("a search", () => {
  const { vm, blocks } = chainWith("one", "two");
  const one = blockAt(blocks, 1);

  test.each([
    ["a height", "1"],
    ["a height with white space", "%20%201%20"],
    ["a height as the pages write it", "%23000,001"],
    ["an id", one.id],
    ["an id with white space", `%20${one.id}%0a`],
  ])("for %s leads to the block", async (_name, q) => {
    const { status, text } = await openPage(vm, `?q=${q}`);
    expect(status).toBe(200);
    expect(text).toContain(one.id);
    expect(text).toContain("Block 1");
  });

  test.each([
    ["in lower case", digestOf(one.data)],
    ["in upper case", digestOf(one.data).toUpperCase()],
    ["with 0x", `0x${digestOf(one.data)}`],
  ])("for a SHA-256 %s leads to its first stamp", async (_name, q) => {
    const { status, text } = await openPage(vm, `?q=${q}`);
    expect(status).toBe(200);
    expect(text).toContain("First stampedExisted by 2023-11-14 22:13:20 UTC seen by this node");
  });

  test("for a time leads to the last block up to then, and says so", async () => {
    const { status, text } = await openPage(vm, "?q=2023-11-14");
    expect([status, text]).toEqual([200, expect.stringContaining("Block 0")]);
    expect(text).toContain("The last block that claims a time up to 2023-11-14T00:00:00Z.");
  });

  test("for nothing leads to the newest blocks", async () => {
    for (const query of ["?q=", "?q=%20"]) expect((await openPage(vm, query)).text).toContain("Recent blocks");
  });

  test.each([
    ["18446744073709551616", "beyond 64 bits"],
    ["1,2", "no height as anyone writes it"],
    ["-1", "below genesis"],
    ["1e3", "not digits"],
    [`${one.id}1`, "a changed id"],
    ["ab".repeat(31), "too short for a SHA-256"],
  ])("for %s is refused: %s", async (q) => {
    const { status, text } = await openPage(vm, `?q=${q}`);
    expect(status).toBe(400);
    expect(text).toContain(`“${q}” is neither a height, a time nor a block id, and not a SHA-256: `);
  });

  test("stands in its field", async () => {
    expect((await openPage(vm, "?q=1")).html).toMatch(/<input [^>]*name="q"[^>]* value="1"/);
  });
});

describe("a digest's page", () => {
  test("shows the first of all its stamps, of the data or of the digest", async () => {
    const digest = digestOf(bytesOf("file"));
    const { vm, blocks } = chainWith("other", Uint8Array.fromHex(digest), "file");
    const { text, texts, html } = await openPage(vm, `?digest=${digest}`);
    expect(await texts("h1 time")).toEqual(["2023-11-14 22:13:20 UTC"]);
    expect(text).toContain("in block 2, which carries this SHA-256");
    expect(html).toContain(`data-proof="${blockAt(blocks, 2).id}"`);
    expect(await texts(".blocks .height")).toEqual(["Block 2", "Block 3"]);
    const { vm: second } = chainWith("file");
    const itself = await openPage(second, `?digest=${digest}`);
    expect(itself.text).toContain("in block 1, which carries the data itself");
    expect(await itself.texts(".blocks .height")).toEqual([]);
  });

  test("goes through many stamps, page by page", async () => {
    const { vm } = chainWith(...Array.from({ length: 45 }, () => "again"));
    const heights: string[] = [];
    for (let query: string | undefined = `?digest=${digestOf(bytesOf("again"))}`; query !== undefined; ) {
      const page = await openPage(vm, query);
      expect(page.text).toContain("in block 1,");
      heights.push(...(await page.texts(".blocks .height")));
      query = await linkOf(vm, query, "next");
    }
    expect(heights).toEqual(Array.from({ length: 45 }, (_, i) => `Block ${i + 1}`));
  });

  test("says that what waits or is not decided proves nothing yet, and has its receipt", async () => {
    const digest = digestOf(bytesOf("file"));
    for (const stamped of [bytesOf("file"), Uint8Array.fromHex(digest)]) {
      const { vm } = startVm();
      const page = async (status: number, text: string, receipt?: string) => {
        const { html, ...page } = await openPage(vm, `?digest=${digest}`);
        expect(page.status).toBe(status);
        expect(page.text).toContain(text);
        expect(/data-receipt="(\w+)"/.exec(html)?.[1]).toBe(receipt);
      };
      await page(404, "Not stamped yet");
      propose(vm, stamped);
      await page(404, "It waits for a block on this node.", digestOf(stamped));
      const block = vm.verifyBlock(vm.buildBlock().bytes);
      await page(404, "It is in a block that is not decided yet.", digestOf(stamped));
      vm.acceptBlock(block.id);
      await page(404, "It is in a block that is not decided yet.", digestOf(stamped));
      vm.confirm(block);
      await page(200, "First stamped");
    }
  });
});

describe("numbers that no double holds", () => {
  const top = 2n ** 64n - 1n;
  const store = BlockStore.open(":memory:");
  const blocks = [
    spaced(createBlock({ parentId: unknownId, height: 2n ** 63n - 41n, timestamp: 2n ** 60n, data: bytesOf("far") })),
  ];
  // SQLite's heights end at 2^63 - 1.
  for (let i = 0; i < 40; i++) blocks.push(childOf(blockAt(blocks, i), `far ${i}`, 2n ** 60n + BigInt(i)));
  for (const block of [genesis, ...blocks]) store.accept(block, digestOf(block.data));
  const confirmed = new ConfirmedChain(store, new FakeClock(), allOf(store));
  const vm = { confirmed, status: () => ({ state: "normal operation" }) } as unknown as Vm;

  test("are shown with every digit", async () => {
    const { text, texts } = await openPage(vm, `?block=${blocks[20]?.id}`);
    expect(await texts("h1")).toEqual(["Block 9,223,372,036,854,775,787"]);
    expect(text).toContain("1152921504606846995 s after 1970");
    expect((await openPage(vm, `?height=${top}`)).text).toContain("No block 18,446,744,073,709,551,615 yet");
  });

  test("lead from page to page", async () => {
    expect(await linkOf(vm, `?from=${top}`, "next")).toBe("?from=9223372036854775787");
    expect(await linkOf(vm, "?from=9223372036854775787", "prev")).toBe("explorer");
    expect(await linkOf(vm, "?height=9223372036854775787", "next")).toBe(`?block=${blocks[21]?.id}`);
  });
});

async function linkOf(vm: Vm, query: string, rel: string): Promise<string | undefined> {
  const { html } = await openPage(vm, query);
  return new RegExp(`<a rel="${rel}"[^>]* href="([^"]*)"`).exec(html)?.[1]?.replaceAll("&amp;", "&");
}
