import type { ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Http2SessionManager } from "@connectrpc/connect-node";
import { encodeFrame, joinChunks, type Pieces, prefixBytes } from "./frame.ts";

/**
 * Calls a gRPC server of the node, over one connection that Connect opens at the first call, and again after a loss.
 * Unary calls only. Some are made for each block, and Connect's own transport takes twice as long for a small one.
 */
export class GrpcClient {
  readonly #sessions: Http2SessionManager;
  #isClosed = false;

  /** Takes `host:port`. */
  constructor(address: string) {
    // No pings: the node is on this machine, and Connect would go on sending them, and throw, after a session ended
    // during a call. maxSessionMemory is in MB; with the default, Bun 1.4.5 drops large calls, and many calls at once.
    this.#sessions = new Http2SessionManager(`http://${address}`, {}, { maxSessionMemory: 2 ** 20 });
  }

  /** Throws a `ConnectError`: the server's status, "unavailable" without a connection, or "deadline exceeded". */
  async call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    request: MessageInitShape<Input>,
    timeoutMs?: number,
  ): Promise<MessageShape<Output>> {
    const frame = encodeFrame([toBinary(method.input, create(method.input, request))]);
    const path = `/${method.parent.typeName}/${method.name}`;
    const stream = await this.#open(path);
    const reply = await exchange(stream, frame, timeoutMs, () => this.#sessions.notifyResponseByteRead(stream));
    return fromBinary(method.output, reply);
  }

  /** Ends the calls that are under way. Later ones fail as "unavailable". */
  close(): void {
    this.#isClosed = true;
    this.#sessions.abort();
  }

  async #open(path: string): Promise<ClientHttp2Stream> {
    if (this.#isClosed) throw new ConnectError("the connection is closed", Code.Unavailable); // and stays so
    try {
      return await this.#sessions.request("POST", path, requestHeaders, {});
    } catch (error) {
      throw ConnectError.from(error, Code.Unavailable);
    }
  }
}

/** Sends one message and gives the one that comes back. */
function exchange(
  stream: ClientHttp2Stream,
  frame: Pieces,
  timeoutMs: number | undefined,
  onRead: () => void,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status: IncomingHttpHeaders = {};
    let failure: unknown;
    const deadline = timeoutMs === undefined ? undefined : setTimeout(() => stream.destroy(new TimedOut()), timeoutMs);
    const read = (headers: IncomingHttpHeaders) => {
      onRead();
      if (headers["grpc-status"] !== undefined) status = headers;
    };
    stream.on("response", read); // has the status when there is no message
    stream.on("trailers", read);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", (error) => {
      failure = error;
    });
    stream.on("close", () => {
      clearTimeout(deadline);
      const reply = joinChunks(chunks);
      if (status["grpc-status"] !== "0") return reject(toError(status, failure));
      if (reply.length < prefixBytes || reply.readUInt32BE(1) !== reply.length - prefixBytes) {
        return reject(new ConnectError("the node's reply is not one whole message", Code.Internal));
      }
      resolve(reply.subarray(prefixBytes));
    });
    for (const piece of frame) stream.write(piece);
    stream.end();
  });
}

function toError(status: IncomingHttpHeaders, failure: unknown): ConnectError {
  if (failure instanceof TimedOut) return new ConnectError("the node did not answer in time", Code.DeadlineExceeded);
  const code = Number(status["grpc-status"] ?? Code.Unavailable);
  const text = status["grpc-message"];
  if (typeof text === "string") return new ConnectError(decodeText(text), code);
  return new ConnectError(`the connection to the node broke: ${String(failure ?? "closed")}`, code);
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

class TimedOut extends Error {}

const requestHeaders = { "content-type": "application/grpc", te: "trailers" };
