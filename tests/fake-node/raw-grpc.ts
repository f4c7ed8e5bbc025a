import * as http2 from "node:http2";
import { within } from "./deadline.ts";

/** What came back on one stream. */
export interface RawAnswer {
  readonly headers: http2.IncomingHttpHeaders;
  readonly trailers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
  /** The code of RST_STREAM, 0 for none or NO_ERROR. */
  readonly resetCode: number;
}

/** A gRPC client without a library, on one HTTP/2 connection: it can say what a good one never would. */
export class RawCaller implements Disposable {
  readonly session: http2.ClientHttp2Session;

  constructor(address: string) {
    this.session = http2.connect(`http://${address}`, { maxSessionMemory: 2 ** 20 });
    this.session.on("error", () => {}); // seen by the calls on it
  }

  /** Opens a call; the request is the caller's to write. */
  open(path: string, headers: http2.OutgoingHttpHeaders = {}): http2.ClientHttp2Stream {
    const stream = this.session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("error", () => {}); // seen in the answer
    return stream;
  }

  /** A whole call: `chunks` one after the other, then the end of the request. */
  call(path: string, chunks: readonly Uint8Array[], headers: http2.OutgoingHttpHeaders = {}): Promise<RawAnswer> {
    const stream = this.open(path, headers);
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    return answerOn(stream);
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

/** Everything that comes on the stream until it closes. */
export function answerOn(stream: http2.ClientHttp2Stream): Promise<RawAnswer> {
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  let headers: http2.IncomingHttpHeaders = {};
  let trailers: http2.IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on("response", (received) => {
    headers = received;
  });
  stream.on("trailers", (received) => {
    trailers = received;
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("close", () => {
    resolve({ headers, trailers, body: Buffer.concat(chunks), resetCode: stream.rstCode });
  });
  return within("the end of a stream", promise);
}

/** A message with gRPC's prefix. `flag` and `length` may lie. */
export function frame(message: Uint8Array, { flag = 0, length = message.length } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}
