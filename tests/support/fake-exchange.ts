import { type Header, Writer } from "../../gen/http/responsewriter/responsewriter_pb.ts";
import { ErrorCode, Reader } from "../../gen/io/reader/reader_pb.ts";
import { GrpcPeer } from "./grpc-peer.ts";

/** The node's side of one http.HTTP/Handle: it has the request's body, and takes the answer. */
export class FakeExchange implements AsyncDisposable {
  status: number | undefined;
  headers: readonly Header[] = [];
  readonly payloads: Uint8Array[] = [];
  /** How often the body was asked for. */
  reads = 0;
  readonly #body: Uint8Array;
  #at = 0;
  #peer: GrpcPeer | undefined;

  static async listen(body = new Uint8Array(), failure?: string): Promise<FakeExchange> {
    const exchange = new FakeExchange(body);
    exchange.#peer = await GrpcPeer.listen((router) => {
      router.service(Reader, { read: ({ length }) => exchange.#read(length, failure) });
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

  private constructor(body: Uint8Array) {
    this.#body = body;
  }

  get address(): string {
    return this.#peer?.address ?? "";
  }

  get text(): string {
    return Buffer.concat(this.payloads).toString();
  }

  /** As Go's `io.Reader`: some bytes, at most `length`; the end comes alone, behind the last of them. */
  #read(length: number, failure: string | undefined) {
    this.reads++;
    if (failure !== undefined) return { error: { errorCode: ErrorCode.UNSPECIFIED, message: failure } };
    if (this.#at === this.#body.length) return { error: { errorCode: ErrorCode.EOF, message: "EOF" } };
    const read = this.#body.subarray(this.#at, this.#at + Math.min(length, 300_000));
    this.#at += read.length;
    return { read };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer?.[Symbol.asyncDispose]();
  }
}
