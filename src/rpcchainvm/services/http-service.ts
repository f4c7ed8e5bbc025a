import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  type Element,
  HandleSimpleHTTPRequestSchema,
  HandleSimpleHTTPResponseSchema,
  type HTTP,
  type HTTPRequest,
  HTTPRequestSchema,
  RequestSchema,
} from "../../../gen/http/http_pb.ts";
import { Writer } from "../../../gen/http/responsewriter/responsewriter_pb.ts";
import { type Awaitable, andThen } from "../../avalanche/awaitable.ts";
import type { Call, Room } from "../grpc/call.ts";
import { GrpcClient } from "../grpc/client.ts";
import { maxCopiedBytes, type Pieces } from "../grpc/frame.ts";
import type { ServiceOptions, UnaryService } from "../grpc/server.ts";
import type { Protocol } from "../protocol.ts";
import { readBody } from "./http-body.ts";
import { CallerNames } from "./http-caller.ts";
import type { HeaderLine, HttpAdmission, HttpAsker, HttpHandler, SimpleAnswer, SimpleRequest } from "./http-handler.ts";
import { hasLargeHead, maxHeadBytes } from "./http-head.ts";
import { mergeHeaders } from "./merge-headers.ts";

/** Bytes of a whole request, with headers. The node has no limit; the API has a smaller one, with a better answer. */
export const maxHttpRequestBytes = 8 * 1024 * 1024;

const malformed = plainAnswer(400, "malformed HTTP request");
const notServed = plainAnswer(404, "nothing is served here");
const busy = plainAnswer(503, "too many requests, try again later", [{ key: "Retry-After", values: ["1"] }]);

function plainAnswer(code: number, text: string, headers: readonly HeaderLine[] = []): SimpleAnswer {
  const plain = { key: "Content-Type", values: ["text/plain"] };
  return { code, headers: [plain, ...headers], body: new TextEncoder().encode(`${text}\n`) };
}

function tooLarge(maxBytes: number): SimpleAnswer {
  const ofHead = Math.min(maxHeadBytes, maxBytes);
  return plainAnswer(413, `a request has at most ${maxBytes} bytes, ${ofHead} of them beside its body`);
}

/** The size of a request, and how many there may be. */
type Door = Pick<HttpAdmission, "admit" | "maxRequestBytes">;

/** The options of the service with these limits. */
export function httpOptions(admission: Door | undefined): ServiceOptions<typeof HTTP> {
  const maxRequestBytes = admission?.maxRequestBytes ?? maxHttpRequestBytes;
  return {
    maxRequestBytes,
    tooLarge: { handleSimple: toReply(tooLarge(maxRequestBytes)) },
    ...(admission && { admit: (bytes: number) => admission.admit(bytes) }),
    busy: { handleSimple: toReply(busy) },
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

/** A large body is sent last, without a copy. */
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

/** Serves requests under any prefix that the node has for the chain or the VM. The handler sees the path without it. */
export function createHttpService(
  getHandler: () => HttpHandler | undefined,
  protocol: Protocol,
  { maxRequestBytes = maxHttpRequestBytes }: Pick<HttpAdmission, "maxRequestBytes"> = {},
): UnaryService<typeof HTTP> {
  const names = new CallerNames();
  const admit = (call: Call, headers: readonly Element[], address: string): HttpAsker | undefined => {
    const name = names.of(call.connection, address, headers, getHandler()?.clientAddressHeader ?? "");
    return call.room?.takeFor(name) === false ? undefined : new CallAsker(name, call);
  };
  return {
    handleSimple: ({ method, url, requestHeaders, responseHeaders, body }, call) => {
      const asker = admit(call, requestHeaders, "");
      if (asker === undefined) return toReply(busy);
      const handler = getHandler();
      const request = { method, path: pathBelow(url, handler?.paths), headers: requestHeaders, body };
      return andThen(answer(handler, request, asker), (made) => toReply(made, responseHeaders));
    },
    handle: async (request, call) => {
      const { header, remoteAddr } = request.request ?? { header: [], remoteAddr: "" };
      const asker = admit(call, header, remoteAddr);
      await answerThroughWriter(getHandler(), request, { protocol, asker, room: call.room, maxRequestBytes });
      return {};
    },
  };
}

/** Reads the call's signal only when it is needed, since reading it makes it. */
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

/** Uses the short cut if the handler has one for this request. */
function answer(handler: HttpHandler | undefined, request: SimpleRequest, asker: HttpAsker): Awaitable<SimpleAnswer> {
  return handler?.answerSimple?.(request, asker) ?? fetchAnswer(handler, request, asker);
}

async function fetchAnswer(
  handler: HttpHandler | undefined,
  simple: SimpleRequest,
  asker: HttpAsker,
): Promise<SimpleAnswer> {
  if (handler === undefined) return notServed;
  const request = toRequest(simple, asker);
  if (request === undefined) return malformed;
  const response = await handler.fetch(request, asker);
  return { code: response.status, headers: toLines(response.headers), body: await response.bytes() };
}

/** One line for each name: of two lines, Go's map would keep the last. Only cookies have several values. */
function toLines(headers: Headers): HeaderLine[] {
  return [...new Set(headers.keys())].map((name) => {
    const values = name === "set-cookie" ? headers.getSetCookie() : [headers.get(name) ?? ""];
    return { key: canonicalName(name), values };
  });
}

/** Undefined for what the Fetch standard refuses: a forbidden method, a malformed URL or header. */
function toRequest({ method, path, headers, body }: SimpleRequest, { signal }: HttpAsker): Request | undefined {
  try {
    return new Request(`http://vm${path.startsWith("/") ? path : `/${path}`}`, {
      method,
      signal,
      headers: headers.map(({ key, values }) => [key, values.join(", ")]),
      ...(body.length > 0 && method !== "GET" && method !== "HEAD" && { body: body as Uint8Array<ArrayBuffer> }),
    });
  } catch {
    return undefined;
  }
}

/**
 * The URL from the handler's own path on: from the longest that it ends with. What is before that is the operator's:
 * `/ext/bc/<chain>`, `/ext/vm/<VM>`, or an alias, in which there may be slashes. The node passes on URLs below `/ext`
 * by their ends alone. Those that it passes on by a header may have any path.
 */
function pathBelow(url: string, paths: readonly string[] = []): string {
  const [path = ""] = url.split("?", 1);
  const ends = paths.filter((own) => path.endsWith(own) && (own !== "" || path.startsWith("/ext/")));
  const [longest] = ends.toSorted((a, b) => b.length - a.length);
  return longest === undefined ? url : longest + url.slice(path.length);
}

/**
 * The node replaces its own headers (CORS, its id) by those of our answer (v1.14.2, ghttp/http_client.go:220), so we
 * send them back. Names go unchanged into Go's map, which finds canonical names only.
 */
function toReply({ code, headers, body }: SimpleAnswer, nodes: readonly HeaderLine[] = []): SimpleReply {
  return { code, headers: mergeHeaders(headers, nodes), body };
}

function canonicalName(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** How a request was admitted. Without an asker, it was refused. */
interface Admitted {
  readonly protocol: Protocol;
  readonly asker: HttpAsker | undefined;
  readonly room: Room | undefined;
  readonly maxRequestBytes: number;
}

/** For HTTP/2 and `Upgrade:` requests: further calls to the node read the body and write the answer. */
async function answerThroughWriter(
  handler: HttpHandler | undefined,
  { request, responseWriter }: HTTPRequest,
  { protocol, asker, room, maxRequestBytes }: Admitted,
): Promise<void> {
  if (request === undefined || responseWriter === undefined) return;
  const node = new GrpcClient(responseWriter.serverAddr);
  const answerRead = async (asker: HttpAsker) => {
    const limits = { maxBytes: maxRequestBytes, hold: (bytes: number) => room?.holdRequest(bytes) ?? true };
    const body = await readBody(protocol, request.body, node, limits);
    if (body === "too large") return tooLarge(maxRequestBytes);
    if (body === "no room") return busy;
    const { method, requestUri, header: headers } = request;
    const path = pathBelow(requestUri, handler?.paths);
    const made = await fetchAnswer(handler, { method, path, headers, body }, asker);
    return { ...made, headers: mergeHeaders(made.headers, responseWriter.header) };
  };
  try {
    const made = asker === undefined ? busy : await answerRead(asker);
    const isRoom = room?.holdWhole(made.body.length, () => node.close()) ?? true;
    const { code, headers: lines, body: payload } = isRoom ? made : busy;
    const headers = [...lines];
    await node.call(Writer.method.writeHeader, { headers, statusCode: code });
    await node.call(Writer.method.write, { headers, payload });
  } finally {
    node.close();
  }
}
