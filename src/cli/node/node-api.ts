import { endpointOf } from "../../client/endpoint.ts";
import { readText } from "../../client/read-text.ts";
import { isJsonObject, parseExactJson } from "../../core/exact-json.ts";

// What a node answers beside its chains: https://build.avax.network/docs/rpcs. A node is not trusted, and its answers
// are bounded.

/** A node that has a chain. */
export interface ChainNode {
  /** As the URL of the chain names it: its id, or an alias. */
  readonly chain: string;
  /** The URL of a path at the node, such as /ext/info. */
  readonly at: (path: string) => string;
}

/** The node in the URL of a chain. Undefined for a URL that is none of a node: a gateway may have any. */
export function nodeOf(chainUrl: string): ChainNode | undefined {
  const url = new URL(chainUrl);
  const [, prefix = "", chain] = /^(.*)\/ext\/bc\/(.+)\/rpc$/.exec(url.pathname) ?? [];
  if (chain === undefined) return undefined;
  const at = (path: string) => {
    const other = new URL(url);
    other.pathname = `${prefix}${path}`;
    return other.href;
  };
  return { chain, at };
}

type JsonObject = Readonly<Record<string, unknown>>;

/** The result of a call, or the node's words why there is none. */
export type NodeAnswer = { readonly result: JsonObject } | { readonly refusal: string };

/** How to ask: `maxBytes` bounds the answer. */
export interface NodeQuestion {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Calls a method of a node. Undefined for no answer, or one that is not understood. Rejects only by its signal. */
export async function callNode(
  url: string,
  method: string,
  params: object,
  question: NodeQuestion,
): Promise<NodeAnswer | undefined> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetchObject(url, { method: "POST", body }, question);
  if (isJsonObject(answer?.result)) return { result: answer.result };
  const message = isJsonObject(answer?.error) ? answer.error.message : undefined;
  return typeof message === "string" ? { refusal: message } : undefined;
}

/** Fetches a JSON object, whatever the status is. Undefined for anything else. Rejects only by its signal. */
export async function fetchObject(
  shownUrl: string,
  request: { readonly method: "GET" } | { readonly method: "POST"; readonly body: string },
  { maxBytes, signal }: NodeQuestion,
): Promise<JsonObject | undefined> {
  const { url, headers } = endpointOf(shownUrl);
  try {
    const response = await fetch(url, {
      ...request,
      headers: { ...headers, "Content-Type": "application/json" },
      redirect: "manual", // a password must not go to another server
      signal,
    });
    const value = parseExactJson((await readText(response, maxBytes)) ?? "");
    return isJsonObject(value) ? value : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
