import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HTTPRequestSchema } from "../../gen/http/http_pb.ts";
import { Writer } from "../../gen/http/responsewriter/responsewriter_pb.ts";
import { ErrorCode, type ReadResponseSchema } from "../../gen/io/reader/reader_pb.ts";
import { GrpcPeer } from "./grpc-peer.ts";
import { has, waysOf } from "./protocols.ts";
import { servicesOf } from "./services.ts";

/** A header with all its values; its name as Go writes it, `Content-Type`. */
export interface HeaderLine {
  readonly key: string;
  readonly values: string[];
}

/** How the node sends a request to http.HTTP/Handle. */
export interface ExchangeOptions {
  readonly protocol: number;
  /** What reading the body fails with. */
  readonly failure?: string;
  /** What the node has answered already. */
  readonly headers?: readonly HeaderLine[];
}

/** The node's side of one http.HTTP/Handle: it has the request's body, and takes the answer. */
export class FakeExchange implements AsyncDisposable {
  status: number | undefined;
  headers: readonly HeaderLine[];
  /** What was written of the answer, write by write. */
  readonly payloads: Uint8Array[] = [];
  /** How often the body was asked for. */
  reads = 0;
  readonly #protocol: number;
  readonly #failure: string | undefined;
  readonly #body: Uint8Array;
  #at = 0;
  #peer: GrpcPeer | undefined;

  /** Serves `body` and takes the answer, on a port of its own, until it is disposed. */
  static async listen(body: Uint8Array, options: ExchangeOptions): Promise<FakeExchange> {
    const exchange = new FakeExchange(body, options);
    const isInside = has(exchange.#protocol, "http.Request.body");
    exchange.#peer = await GrpcPeer.listen((router) => {
      if (!isInside)
        router.service(servicesOf(exchange.#protocol).reader, { read: ({ length }) => exchange.#read(length) });
      router.service(Writer, {
        writeHeader: ({ headers, statusCode }) => {
          exchange.headers = headers;
          exchange.status = statusCode;
          return {};
        },
        write: ({ headers, payload }) => {
          exchange.headers = headers;
          exchange.payloads.push(payload);
          return { written: payload.length };
        },
      });
    });
    return exchange;
  }

  private constructor(body: Uint8Array, { protocol, failure, headers = [] }: ExchangeOptions) {
    this.#body = body;
    this.#protocol = protocol;
    this.#failure = failure;
    this.headers = headers;
  }

  /** `host:port`, for `response_writer.server_addr`. */
  get address(): string {
    return this.#peer?.address ?? "";
  }

  /** The whole answer. */
  get text(): string {
    return Buffer.concat(this.payloads).toString();
  }

  /** What the node sends. Until protocol 39 the body comes with it; a later one does not have that field. */
  request(request: MessageInitShape<typeof HTTPRequestSchema>["request"]): MessageInitShape<typeof HTTPRequestSchema> {
    return {
      responseWriter: { header: this.headers.map(({ key, values }) => ({ key, values })), serverAddr: this.address },
      request: { body: this.#body, contentLength: BigInt(this.#body.length), ...request },
    };
  }

  /** As Go's `io.Reader`: some bytes, at most `length`; the end comes alone, behind the last of them. */
  #read(length: number): MessageInitShape<typeof ReadResponseSchema> {
    this.reads++;
    if (this.#failure !== undefined) return this.#error(ErrorCode.UNSPECIFIED, this.#failure);
    if (this.#at === this.#body.length) return this.#error(ErrorCode.EOF, "EOF");
    const read = this.#body.subarray(this.#at, this.#at + Math.min(length, 300_000));
    this.#at += read.length;
    return { read };
  }

  /** The text alone, where there is no field for a code. */
  #error(errorCode: ErrorCode, message: string) {
    const error = waysOf(this.#protocol).bodyEnd === "code" ? { errorCode, message } : message;
    return { error } as MessageInitShape<typeof ReadResponseSchema>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer?.[Symbol.asyncDispose]();
  }
}
