/** @jsxImportSource hono/jsx */
import { compress } from "hono/compress";
import type { ApiApp } from "../api/app.ts";
import type { Caller } from "../api/turns.ts";
import type { Vm } from "../vm/vm.ts";
import { showBlockAtHeight, showBlockById } from "./block-page.tsx";
import { showBlocks } from "./blocks-page.tsx";
import { showDigest } from "./digest-page.tsx";
import { Page, pageHeaders } from "./page.tsx";
import { Message, type View } from "./parts.tsx";
import { parseQuery, type Query } from "./query.ts";

/** Pages for people at `/explorer`: which one, the query says. `notice` stands above each, where it is no node's. */
export function addExplorer(app: ApiApp, vm: Vm, notice: string | undefined): void {
  app.get("/explorer", compress(), async (c) => {
    const params = c.req.query();
    const { caller } = c.env;
    const { status, title, content } = await caller.doLong(() => show(vm, parseQuery(params), caller));
    const page = (
      <Page title={title} notices={noticesOf(vm, notice)} searched={params.q}>
        {content}
      </Page>
    );
    return c.html(`<!doctype html>${page}`, status, pageHeaders);
  });
  app.all("/explorer", (c) => c.text("read the explorer by GET\n", 405, { Allow: "GET, HEAD" }));
}

/** Each block that a page reads is a piece of work of its own. */
async function show(vm: Vm, query: Query, caller: Caller): Promise<View> {
  switch (query.page) {
    case "blocks":
      return showBlocks(vm.confirmed, query.from, caller);
    case "block":
      return showBlockById(vm.confirmed, query.id, caller);
    case "height":
      return showBlockAtHeight(vm.confirmed, query.height, caller);
    case "digest":
      return showDigest(vm, query.digest, query.from, caller);
    case "malformed":
      return showMalformed(query.problem);
  }
}

function showMalformed(problem: string): View {
  const content = (
    <Message heading="Nothing to look for">
      <p>{problem}</p>
      <p>
        Blocks have a height, such as 12, and an id in CB58, of some 50 letters and digits. Files and data are found by
        their SHA-256, 64 hex digits.
      </p>
    </Message>
  );
  return { status: 400, title: "Nothing to look for", content };
}

function noticesOf(vm: Vm, notice: string | undefined): readonly string[] {
  const { state } = vm.status();
  const behind = `this node is ${state}: newer blocks may be missing`;
  return [...(notice === undefined ? [] : [notice]), ...(state === "normal operation" ? [] : [behind])];
}
