/** @jsxImportSource hono/jsx */
import { type Context, Hono } from "hono";
import { accepts } from "hono/accepts";
import type { Caller } from "../vm/caller.ts";
import type { ChainView } from "../vm/chain-view.ts";
import type { State } from "../vm/status.ts";
import { showBlockAtHeight, showBlockAtTime, showBlockById } from "./block-page.tsx";
import { showBlocks } from "./blocks-page.tsx";
import { showDigest } from "./digest-page.tsx";
import { hashWorker, pageHeaders, scriptHeaders } from "./headers.ts";
import { Page } from "./page.tsx";
import { Message, type View } from "./parts.tsx";
import { parseQuery, type Query } from "./query.ts";

/** What is known about a request in addition to its URL. */
interface Environment {
  readonly Bindings: { readonly caller: Caller };
}

/**
 * Pages for people. All are at one path that ends in `explorer`, beside the API's, which ends in `rpc`. The query
 * selects the page. `notice` is shown at the top of each, if this is not a node.
 */
export function createExplorer(view: ChainView, notice: string | undefined): Hono<Environment> {
  const app = new Hono<Environment>();
  app.get("/", async (c) => {
    const params = c.req.query();
    if (params.script === "hash-worker") return answer(c, hashWorker, 200, scriptHeaders);
    const { caller } = c.env;
    const { status, title, content } = await caller.doLong(() => show(view, parseQuery(params), caller));
    const { state } = await view.status();
    const page = (
      <Page title={title} notices={noticesOf(state, notice)} searched={params.q}>
        {content}
      </Page>
    );
    return answer(c, `<!doctype html>${page}`, status, pageHeaders);
  });
  app.all("/", (c) => c.text("read the explorer by GET\n", 405, { Allow: "GET, HEAD" }));
  return app;
}

/** Compresses on this thread. A compressing stream would use the runtime's pool, and delay syncs of the database. */
function answer(c: Context<Environment>, text: string, status: View["status"], headers: Headers): Response {
  const encoding = accepts(c, { header: "Accept-Encoding", supports: ["gzip", "identity"], default: "identity" });
  if (encoding !== "gzip") return c.body(text, status, headers);
  return c.body(Bun.gzipSync(text), status, { ...headers, "Content-Encoding": "gzip" });
}

type Headers = Readonly<Record<string, string>>;

/** Each block that a page reads has a turn of its own. */
async function show(view: ChainView, query: Query, caller: Caller): Promise<View> {
  switch (query.page) {
    case "blocks":
      return showBlocks(view.confirmed, query.from, caller);
    case "block":
      return showBlockById(view.confirmed, query.id, caller);
    case "height":
      return showBlockAtHeight(view.confirmed, query.height, caller);
    case "time":
      return showBlockAtTime(view.confirmed, query.timestamp, caller);
    case "digest":
      return showDigest(view, query.digest, query.from, caller);
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
        their SHA-256: in hex, in base64, or as sha256sum prints it. A time in ISO 8601 finds the last block until then.
      </p>
    </Message>
  );
  return { status: 400, title: "Nothing to look for", content };
}

function noticesOf(state: State, notice: string | undefined): readonly string[] {
  const behind = `this node is ${state}: newer blocks may be missing`;
  return [...(notice === undefined ? [] : [notice]), ...(state === "normal operation" ? [] : [behind])];
}
