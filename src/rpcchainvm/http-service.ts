import type { Element, HandleSimpleHTTPRequest, HTTP, HTTPRequest } from "../../gen/http/http_pb.ts";
import { Writer } from "../../gen/http/responsewriter/responsewriter_pb.ts";
import type { Call } from "./grpc-call.ts";
import { GrpcClient } from "./grpc-client.ts";
import type { ServiceOptions, UnaryService } from "./grpc-server.ts";
import { readBody } from "./http-body.ts";
import type { Protocol } from "./protocol.ts";

/** What answers HTTP requests. The seam between the node and the API is the Fetch standard, with one short cut. */
export interface HttpApp {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /**
   * Takes the body of a POST of `application/json` to `/rpc`, and gives the answer's JSON, "" for no content, as `fetch`
   * would: a Request and a Response would double the time of a small call. Undefined, with nothing done, leaves the
   * request to `fetch`.
   */
  readonly answerRpc: (body: Uint8Array, caller: Call) => string | Promise<string> | undefined;
}

/** Bytes of a whole request, headers included. The node itself has no limit; the API refuses less, with more words. */
export const maxHttpRequestBytes = 8 * 1024 * 1024;

interface HeaderLine {
  readonly key: string;
  readonly values: string[];
}

interface Answer {
  readonly code: number;
  readonly headers: HeaderLine[];
  readonly body: Uint8Array;
}

const tooLarge: Answer = {
  code: 413,
  headers: [{ key: "Content-Type", values: ["text/plain"] }],
  body: new TextEncoder().encode(`a request has at most ${maxHttpRequestBytes} bytes\n`),
};

export const httpOptions: ServiceOptions<typeof HTTP> = {
  maxRequestBytes: maxHttpRequestBytes,
  tooLarge: { handleSimple: tooLarge },
};

/** Serves HTTP requests that reach the node under `/ext/bc/<chain>` or `/ext/vm/<VM>`, with that part taken off. */
export function createHttpService(getApp: () => HttpApp, protocol: Protocol): UnaryService<typeof HTTP> {
  return {
    handleSimple: (request, caller) => answerRpcCall(getApp(), request, caller) ?? answer(getApp(), request, caller),
    handle: async (request, caller) => {
      await answerThroughWriter(getApp(), request, protocol, caller);
      return {};
    },
  };
}

type SimpleRequest = Pick<HandleSimpleHTTPRequest, "method" | "url" | "requestHeaders" | "responseHeaders" | "body">;

/** The short cut. Undefined for whatever is not plainly a JSON-RPC call. */
function answerRpcCall(app: HttpApp, request: SimpleRequest, caller: Call) {
  const { method, url, requestHeaders, responseHeaders, body } = request;
  const isCall = method === "POST" && url.replace(mountPath, "") === "/rpc" && requestHeaders.some(isJsonType);
  const json = isCall ? app.answerRpc(body, caller) : undefined;
  if (json === undefined) return undefined;
  const reply = (text: string) => toReply(text, responseHeaders);
  return json instanceof Promise ? json.then(reply) : reply(json);
}

function toReply(json: string, responseHeaders: Element[]) {
  if (json === "") return { code: 204, headers: responseHeaders };
  return {
    code: 200,
    headers: [jsonType, ...responseHeaders.filter(({ key }) => key !== jsonType.key)],
    body: Buffer.from(json),
  };
}

const jsonType: HeaderLine = { key: "Content-Type", values: ["application/json"] };

function isJsonType({ key, values }: Element): boolean {
  return key === jsonType.key && values.length === 1 && values[0] === jsonType.values[0];
}

async function answer(app: HttpApp, simple: SimpleRequest, caller: Call): Promise<Answer> {
  const request = toRequest(simple, caller);
  const response =
    request === undefined ? new Response("malformed HTTP request\n", { status: 400 }) : await app.fetch(request);
  return {
    code: response.status,
    headers: mergeHeaders(simple.responseHeaders, response.headers),
    body: await response.bytes(),
  };
}

/** Undefined for what the Fetch standard does not take: a forbidden method, a malformed URL or header. */
function toRequest({ method, url, requestHeaders, body }: SimpleRequest, { signal }: Call): Request | undefined {
  const path = url.replace(mountPath, "");
  try {
    return new Request(`http://timestampvm${path.startsWith("/") ? path : `/${path}`}`, {
      method,
      signal,
      headers: requestHeaders.map(({ key, values }) => [key, values.join(", ")]),
      ...(body.length > 0 && method !== "GET" && method !== "HEAD" && { body: body as Uint8Array<ArrayBuffer> }),
    });
  } catch {
    return undefined;
  }
}

/** Where the node mounts handlers (avalanchego v1.14.2, api/server/server.go:172), and until protocol 30 static ones. */
const mountPath = /^\/ext\/(bc|vm)\/[^/?]+/;

/**
 * The node replaces its own headers (CORS, its id) by what we answer (v1.14.2, ghttp/http_client.go:220), so they go
 * back. Names go verbatim into Go's map, which knows canonical names only.
 */
function mergeHeaders(nodes: readonly Element[], ours: Headers): HeaderLine[] {
  const lines: HeaderLine[] = [];
  const names = new Set(ours.keys()); // `has` throws for what is no name
  for (const [name, value] of ours) lines.push({ key: canonicalName(name), values: [value] });
  for (const { key, values } of nodes) if (!names.has(key.toLowerCase())) lines.push({ key, values });
  return lines;
}

function canonicalName(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** HTTP/2 and `Upgrade:` requests: the body is read from the node, and the answer written to it, in further calls. */
async function answerThroughWriter(
  app: HttpApp,
  { request, responseWriter }: HTTPRequest,
  protocol: Protocol,
  caller: Call,
): Promise<void> {
  if (request === undefined || responseWriter === undefined) return;
  const node = new GrpcClient(responseWriter.serverAddr);
  try {
    const body = await readBody(protocol, request.body, node, maxHttpRequestBytes);
    const simple = {
      method: request.method,
      url: request.requestUri,
      requestHeaders: request.header,
      responseHeaders: responseWriter.header,
    };
    const response = body === undefined ? tooLarge : await answer(app, { ...simple, body }, caller);
    const { code, headers, body: payload } = response;
    await node.call(Writer.method.writeHeader, { headers, statusCode: code });
    await node.call(Writer.method.write, { headers, payload });
  } finally {
    node.close();
  }
}
