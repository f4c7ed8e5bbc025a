import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  type Element,
  type HandleSimpleHTTPRequest,
  HandleSimpleHTTPRequestSchema,
  HandleSimpleHTTPResponseSchema,
  type HTTP,
  type HTTPRequest,
  HTTPRequestSchema,
  RequestSchema,
} from "../../../gen/http/http_pb.ts";
import { Writer } from "../../../gen/http/responsewriter/responsewriter_pb.ts";
import type { Call, Room } from "../grpc/call.ts";
import { GrpcClient } from "../grpc/client.ts";
import { maxCopiedBytes, type Pieces } from "../grpc/frame.ts";
import type { ServiceOptions, UnaryService } from "../grpc/server.ts";
import type { Protocol } from "../protocol.ts";
import { readBody } from "./http-body.ts";
import { CallerNames } from "./http-caller.ts";
import { hasLargeHead, maxHeadBytes } from "./http-head.ts";

/** What answers HTTP requests. The seam between the node and the API is the Fetch standard, with one short cut. */
export interface HttpApp {
  readonly fetch: (request: Request, asker: HttpAsker) => Response | Promise<Response>;
  /**
   * Takes the body of a POST of `application/json` to `/rpc`, and gives the answer's JSON, "" for no content, as `fetch`
   * would: a Request and a Response would double the time of a small call. Undefined, with nothing done, leaves the
   * request to `fetch`.
   */
  readonly answerRpc: (body: Uint8Array, asker: HttpAsker) => string | Promise<string> | undefined;
  /** The header in which a proxy that the operator trusts names the client; "" for none. */
  readonly clientAddressHeader: string;
}

/** Who waits for an answer. */
export interface HttpAsker {
  /** The same for requests that come from one client, as far as that is known. */
  readonly name: string;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** To be called when the request's body is of no more use. */
  releaseRequest(): void;
  /** To be called before so many more bytes of the answer are kept. False when there is no room for them. */
  holdAnswer(bytes: number): boolean;
}

/** The door before every request. */
export interface HttpAdmission {
  readonly admit: (bytes: number) => Room | undefined;
  /** Requests that are not answered yet. */
  readonly requests: number;
  /** How many were refused, by the reason. */
  readonly refused: Readonly<Record<string, number>>;
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

const tooLarge = plainAnswer(
  413,
  `a request has at most ${maxHttpRequestBytes} bytes, ${maxHeadBytes} of them beside its body`,
);

const busy = plainAnswer(503, "too many requests, try again later", [{ key: "Retry-After", values: ["1"] }]);

function plainAnswer(code: number, text: string, headers: HeaderLine[] = []): Answer {
  const plain = { key: "Content-Type", values: ["text/plain"] };
  return { code, headers: [plain, ...headers], body: new TextEncoder().encode(`${text}\n`) };
}

/** Of the service, behind that door. */
export function httpOptions(admission: Pick<HttpAdmission, "admit">): ServiceOptions<typeof HTTP> {
  return {
    maxRequestBytes: maxHttpRequestBytes,
    tooLarge: { handleSimple: tooLarge },
    admit: (bytes) => admission.admit(bytes),
    busy: { handleSimple: busy },
    codecs: {
      handleSimple: {
        decode: (bytes) =>
          hasLargeHead(bytes, pathOfSimpleBody) ? undefined : fromBinary(HandleSimpleHTTPRequestSchema, bytes),
        encode: encodeReply,
      },
      handle: {
        decode: (bytes) => (hasLargeHead(bytes, pathOfBody) ? undefined : fromBinary(HTTPRequestSchema, bytes)),
      },
    },
  };
}

/** A large body goes last, and is not copied. */
function encodeReply({ code = 0, headers = [], body = new Uint8Array() }: SimpleReply): Pieces {
  const schema = HandleSimpleHTTPResponseSchema;
  if (body.length <= maxCopiedBytes) return [toBinary(schema, create(schema, { code, headers, body }))];
  const encoded = toBinary(schema, create(schema, { code, headers }));
  const tag = new BinaryWriter().tag(schema.field.body.number, WireType.LengthDelimited).uint32(body.length).finish();
  return [encoded, tag, body];
}

type SimpleReply = MessageInitShape<typeof HandleSimpleHTTPResponseSchema>;

/** The numbers of the fields that lead to a request's body. */
const pathOfSimpleBody = [HandleSimpleHTTPRequestSchema.field.body.number];
const pathOfBody = [HTTPRequestSchema.field.request.number, RequestSchema.field.body.number];

/** Serves HTTP requests that reach the node under `/ext/bc/<chain>` or `/ext/vm/<VM>`, with that part taken off. */
export function createHttpService(getApp: () => HttpApp, protocol: Protocol): UnaryService<typeof HTTP> {
  const names = new CallerNames();
  const admit = (call: Call, headers: readonly Element[], address: string): HttpAsker | undefined => {
    const name = names.of(call.connection, address, headers, getApp().clientAddressHeader);
    return call.room?.takeFor(name) === false ? undefined : new CallAsker(name, call);
  };
  return {
    handleSimple: (request, call) => {
      const asker = admit(call, request.requestHeaders, "");
      if (asker === undefined) return busy;
      return answerRpcCall(getApp(), request, asker) ?? answer(getApp(), request, asker);
    },
    handle: async (request, call) => {
      const { header, remoteAddr } = request.request ?? { header: [], remoteAddr: "" };
      await answerThroughWriter(getApp(), request, protocol, admit(call, header, remoteAddr), call.room);
      return {};
    },
  };
}

/** Asks for the signal only when it is needed: it is made then. */
class CallAsker implements HttpAsker {
  readonly name: string;
  readonly #call: Call;

  constructor(name: string, call: Call) {
    this.name = name;
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  releaseRequest(): void {
    this.#call.room?.releaseRequest();
  }

  holdAnswer(bytes: number): boolean {
    return this.#call.room?.holdAnswer(bytes) ?? true;
  }
}

type SimpleRequest = Pick<HandleSimpleHTTPRequest, "method" | "url" | "requestHeaders" | "responseHeaders" | "body">;

/** The short cut. Undefined for whatever is not plainly a JSON-RPC call. */
function answerRpcCall(app: HttpApp, request: SimpleRequest, asker: HttpAsker) {
  const { method, url, requestHeaders, responseHeaders, body } = request;
  const isCall = method === "POST" && url.replace(mountPath, "") === "/rpc" && requestHeaders.some(isJsonType);
  const json = isCall ? app.answerRpc(body, asker) : undefined;
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

async function answer(app: HttpApp, simple: SimpleRequest, asker: HttpAsker): Promise<Answer> {
  const request = toRequest(simple, asker);
  const response =
    request === undefined ? new Response("malformed HTTP request\n", { status: 400 }) : await app.fetch(request, asker);
  return {
    code: response.status,
    headers: mergeHeaders(simple.responseHeaders, response.headers),
    body: await response.bytes(),
  };
}

/** Undefined for what the Fetch standard does not take: a forbidden method, a malformed URL or header. */
function toRequest({ method, url, requestHeaders, body }: SimpleRequest, { signal }: HttpAsker): Request | undefined {
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
  asker: HttpAsker | undefined,
  room: Room | undefined,
): Promise<void> {
  if (request === undefined || responseWriter === undefined) return;
  const node = new GrpcClient(responseWriter.serverAddr);
  const answerRead = async (asker: HttpAsker) => {
    const limits = { maxBytes: maxHttpRequestBytes, hold: (bytes: number) => room?.holdRequest(bytes) ?? true };
    const body = await readBody(protocol, request.body, node, limits);
    if (body === "too large") return tooLarge;
    if (body === "no room") return busy;
    const { method, requestUri: url, header: requestHeaders } = request;
    return answer(app, { method, url, requestHeaders, responseHeaders: responseWriter.header, body }, asker);
  };
  try {
    const made = asker === undefined ? busy : await answerRead(asker);
    const isRoom = room?.holdWhole(made.body.length, () => node.close()) ?? true;
    const { code, headers, body: payload } = isRoom ? made : busy;
    await node.call(Writer.method.writeHeader, { headers, statusCode: code });
    await node.call(Writer.method.write, { headers, payload });
  } finally {
    node.close();
  }
}
