import { describe, expect, test } from "bun:test";
import { acceptAll, childOf, genesis, startVm } from "../support/chain.ts";
import { identity } from "../support/identity.ts";
import { askPage, openPage } from "./explorer-page.ts";

// What the page serves beside pages.

describe("a block's data", () => {
  const { vm } = startVm();
  const page = "<script>alert(1)</script>";
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const blocks = [childOf(genesis, page)];
  blocks.push(childOf(blocks[0] ?? genesis, bytes));
  acceptAll(vm, blocks);

  test("is saved byte by byte, and never shown or run", async () => {
    for (const [i, data] of [new TextEncoder().encode(page), bytes].entries()) {
      const response = await askPage(vm, { query: `?data=${blocks[i]?.id}` });
      expect(response.status).toBe(200);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(data);
      const { headers } = response;
      expect(headers.get("content-type")).toBe("application/octet-stream");
      expect(headers.get("content-disposition")).toBe(`attachment; filename="block-${i + 1}.bin"`);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    }
  });

  test("has a link on the block's page, unless there is none", async () => {
    const { vm } = startVm();
    const [some, none] = [childOf(genesis, "some"), childOf(childOf(genesis, "some"), "")];
    acceptAll(vm, [some, none]);
    expect((await openPage(vm, "?height=1")).references).toContain(`?data=${some.id}`);
    expect((await openPage(vm, "?height=2")).references.filter((to) => to.startsWith("?data"))).toEqual([]);
  });

  test.each([
    ["of no accepted block", childOf(genesis, "not there").id, 404],
    ["of no id", "nonsense", 400],
  ])("%s is a page that says so", async (_what, id, status) => {
    const page = await openPage(vm, `?data=${id}`);
    expect([page.status, page.headers.get("content-type")]).toEqual([status, "text/html; charset=UTF-8"]);
  });
});

describe("the script that hashes files", () => {
  test("is JavaScript that may run WebAssembly and reach nobody", async () => {
    const { status, headers } = await askPage(startVm().vm, { query: "?script=hash-worker" });
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/javascript; charset=UTF-8");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; script-src 'wasm-unsafe-eval'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("is small", async () => {
    const init = { query: "?script=hash-worker", headers: { "Accept-Encoding": "gzip" } };
    const response = await askPage(startVm().vm, init);
    expect((await response.bytes()).length).toBeLessThan(10_000);
  });

  test("is the only one that a page can ask for", async () => {
    const { headers, text } = await openPage(startVm().vm, "?script=page-script");
    expect(headers.get("content-type")).toBe("text/html; charset=UTF-8");
    expect(text).toContain("Recent blocks");
  });
});

test("each page says which chain it shows, whole, and who serves it", async () => {
  const { vm } = startVm();
  for (const query of ["", "?height=0", "?q=nonsense!"]) {
    const { texts } = await openPage(vm, query);
    const shown = await texts("footer dd");
    expect(shown.map((text) => text.replace("Copy", ""))).toEqual([
      identity.chainId,
      "12345",
      String(identity.nodeId),
      "timestampvm 1.2.3",
    ]);
  }
});
