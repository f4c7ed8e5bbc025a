import { createHash } from "node:crypto";
import type { Vm } from "../../src/vm/vm.ts";
import { startApi } from "../support/api.ts";
import { senderOf } from "../support/caller.ts";

/** One page of the explorer, taken apart. */
export interface ExplorerPage {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** All elements in their order, each with the names of its attributes. */
  readonly elements: readonly string[];
  /** What links, forms and elements refer to. */
  readonly references: readonly string[];
  /** Without the page's own style and script. */
  readonly text: string;
  /** The texts of elements. */
  readonly texts: (selector: string) => Promise<string[]>;
}

/** Asks for a page as the API gets it: without what comes before `/explorer`. */
export async function openPage(vm: Vm, query = "", notice?: string): Promise<ExplorerPage> {
  const response = await askPage(vm, { query, notice });
  const html = await response.text();
  const elements: string[] = [];
  const references: string[] = [];
  await read(html, "*", {
    element: (element) => {
      const attributes = [...element.attributes];
      elements.push(`${element.tagName} ${attributes.map(([name]) => name).join(" ")}`);
      for (const [name = "", value = ""] of attributes) if (/^(href|src|action)$/.test(name)) references.push(value);
    },
  });
  const texts = (selector: string) => textsOf(html, selector);
  return {
    status: response.status,
    headers: response.headers,
    html,
    elements,
    references,
    text: readable(html),
    texts,
  };
}

/** The answer as it comes. */
export async function askPage(
  vm: Vm,
  { query = "", notice, ...init }: RequestInit & { readonly query?: string; readonly notice?: string | undefined } = {},
): Promise<Response> {
  return startApi(vm, { notice }).fetch(new Request(`http://chain/explorer${query}`, init), senderOf());
}

export function sha256Source(text: string | undefined): string {
  return `'sha256-${createHash("sha256")
    .update(text ?? "")
    .digest("base64")}'`;
}

async function textsOf(html: string, selector: string): Promise<string[]> {
  const texts: string[] = [];
  await read(html, selector, {
    element: () => {
      texts.push("");
    },
    text: ({ text }) => {
      texts.push((texts.pop() ?? "") + text);
    },
  });
  return texts.map(unescapeHtml);
}

function read(html: string, selector: string, handlers: HTMLRewriterTypes.HTMLRewriterElementContentHandlers) {
  return new HTMLRewriter().on(selector, handlers).transform(new Response(html)).text();
}

function readable(html: string): string {
  return unescapeHtml(html.replace(/<(style|script)>.*?<\/\1>/gs, "").replace(/<[^>]*>/g, ""));
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}
