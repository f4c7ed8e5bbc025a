import { type Client, ConnectError } from "@connectrpc/connect";
import type { HTTP } from "../../gen/http/http_pb.ts";
import { FakeExchange, type HeaderLine } from "./fake-exchange.ts";
import { waysOf } from "./protocols.ts";

/** What a client of the node sends. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** With names as Go writes them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** 1 if nothing is said; a node takes 2 from protocol 41 on, for handlers that it routes to by a header. */
  readonly version?: 1 | 2;
}

/** What a client of the node sees. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly text: string;
}

/** What the node's server answers by itself, before it asks the plugin (avalanchego, api/server/server.go). */
export const nodeHeaders: readonly HeaderLine[] = [
  { key: "Node-Id", values: ["NodeID-7Xhw2mDxuDS44j42TCB6U5579esbSt3Lg"] },
  { key: "Access-Control-Allow-Origin", values: ["*"] },
  { key: "Vary", values: ["Origin"] },
];

/** Lets a plugin answer a request, and gives what becomes of it (vms/rpcchainvm/ghttp/http_client.go). */
export async function askNode(http: Client<typeof HTTP>, protocol: number, request: HttpRequest): Promise<HttpAnswer> {
  const isSimple = request.version !== 2 && request.headers?.Upgrade === undefined;
  try {
    return await (isSimple ? simple : exchange)(http, protocol, request);
  } catch (error) {
    return { status: 500, headers: toRecord(nodeHeaders), text: ConnectError.from(error).message };
  }
}

async function simple(http: Client<typeof HTTP>, protocol: number, request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, body } = request;
  const {
    code,
    headers,
    body: answer,
  } = await http.handleSimple({
    method,
    url,
    requestHeaders: toLines(request),
    ...(body !== undefined && { body }),
    responseHeaders: [...nodeHeaders],
  });
  const own = waysOf(protocol).ownHeaders === "kept" ? nodeHeaders : [];
  return { status: code, headers: toRecord([...own, ...headers]), text: new TextDecoder().decode(answer) };
}

async function exchange(http: Client<typeof HTTP>, protocol: number, request: HttpRequest): Promise<HttpAnswer> {
  await using exchange = await FakeExchange.listen(request.body ?? new Uint8Array(), {
    protocol,
    headers: nodeHeaders,
  });
  const { method, url, version = 1 } = request;
  const proto = { proto: `HTTP/${version}.${version % 2}`, protoMajor: version, protoMinor: version % 2 };
  await http.handle(exchange.request({ method, requestUri: url, ...proto, header: toLines(request) }));
  return { status: exchange.status ?? 200, headers: toRecord(exchange.headers), text: exchange.text };
}

function toLines({ headers = {} }: HttpRequest): HeaderLine[] {
  return Object.entries(headers).map(([key, value]) => ({ key, values: [value] }));
}

/** As Go's map of headers: a name that comes again replaces what it had. */
function toRecord(lines: readonly HeaderLine[]): Record<string, readonly string[]> {
  return Object.fromEntries(lines.map(({ key, values }) => [key, values]));
}
