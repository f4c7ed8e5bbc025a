/** @jsxImportSource hono/jsx */
import { type Context, Hono } from "hono";
import { accepts } from "hono/accepts";
import type { Caller } from "../vm/caller.ts";
import type { ChainView } from "../vm/chain-view.ts";
import type { Identity } from "../vm/identity.ts";
import type { State } from "../vm/status.ts";
import { showBlockAtHeight, showBlockAtTime, showBlockById } from "./block-page.tsx";
import { showBlocks } from "./blocks-page.tsx";
import { type Desk, deskOf } from "./desk.ts";
import { showDigest } from "./digest-page.tsx";
import { dataHeaders, hashWorker, pageHeaders, scriptHeaders } from "./headers.ts";
import { showIds } from "./ids-page.tsx";
import { Page } from "./page.tsx";
import { Message, type View } from "./parts.tsx";
import { parseQuery, type Query } from "./query.ts";

/** What is known about a request in addition to its URL. */
interface Environment {
  readonly Bindings: { readonly caller: Caller };
}

/**
 * Pages for people. All are at one path that ends in `explorer`, beside the API's, which ends in `rpc`. The query
 * selects the page. Each says which chain it shows, and at the top if this is not a node.
 */
export function createExplorer(view: ChainView, identity: Identity): Hono<Environment> {
  const app = new Hono<Environment>();
  app.get("/", async (c) => {
    const params = c.req.query();
    if (params.script === "hash-worker") return answer(c, hashWorker, 200, scriptHeaders);
    const query = parseQuery(params);
    if (query.page === "data") {
      const block = view.confirmed.getBlock(query.id);
      if (block !== undefined) return c.body(new Uint8Array(block.data), 200, dataHeaders(block));
    }
    const { caller } = c.env;
    const { status, title, content } = await caller.doLong(() => show(deskOf(view, identity.nodeId, caller), query));
    const { state } = await view.status();
    const page = (
      <Page title={title} notices={noticesOf(state, identity.notice)} searched={params.q} identity={identity}>
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
async function show(desk: Desk, query: Query): Promise<View> {
  switch (query.page) {
    case "blocks":
      return showBlocks(desk, query.from);
    case "ids":
      return showIds(desk, query.start, query.end);
    case "block":
    case "data":
      return showBlockById(desk, query.id);
    case "height":
      return showBlockAtHeight(desk, query.height);
    case "time":
      return showBlockAtTime(desk, query.timestamp);
    case "digest":
      return showDigest(desk, query.digest, query.from);
    case "malformed":
      return showMalformed(query.problem);
  }
}

function showMalformed(problem: string): View {
  const content = (
    <Message heading="Nothing to look for">
      <p>{problem}</p>
      <p>
        Blocks have a height, such as 12, and an id in CB58, of some 50 letters and digits, of which the first six are
        enough. Files and data are found by their SHA-256: in hex, in base64, or as sha256sum prints it. A time in ISO
        8601 finds the last block until then.
      </p>
    </Message>
  );
  return { status: 400, title: "Nothing to look for", content };
}

function noticesOf(state: State, notice: string | undefined): readonly string[] {
  const behind = `this node is ${state}: newer blocks may be missing`;
  return [...(notice === undefined ? [] : [notice]), ...(state === "normal operation" ? [] : [behind])];
}
