import type { DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ReadResponse40Schema } from "../../../gen/io/reader/older_pb.ts";
import {
  ErrorCode,
  Reader,
  type ReadRequestSchema,
  type ReadResponseSchema,
} from "../../../gen/io/reader/reader_pb.ts";
import type { GrpcClient } from "../grpc/client.ts";
import type { Protocol } from "../protocol.ts";

/** How many bytes are read in one call. */
const readBytes = 1024 * 1024;

/** How long we wait for a client's next bytes. */
const readTimeoutMs = 30_000;

export interface BodyLimits {
  readonly maxBytes: number;
  /** Called with the size of each part before it is kept. False when there is no room for it. */
  readonly hold: (bytes: number) => boolean;
}

/** Gives the body of a request of http.HTTP/Handle, or why it was not read to its end. Throws the node's error. */
export async function readBody(
  { requestBody }: Protocol,
  inside: Uint8Array,
  node: GrpcClient,
  { maxBytes, hold }: BodyLimits,
): Promise<Uint8Array | "too large" | "no room"> {
  if (requestBody === "inside") return inside.length > maxBytes ? "too large" : inside;
  const reader: ReadMethod = requestBody === "read to EOF text" ? textReader : Reader.method.read;
  const chunks: Uint8Array[] = [];
  for (let bytes = 0; bytes <= maxBytes; ) {
    const { read, error } = await node.call(reader, { length: readBytes }, readTimeoutMs);
    if (!hold(read.length)) return "no room";
    chunks.push(read);
    bytes += read.length;
    if (isEnd(error)) return Buffer.concat(chunks);
  }
  return "too large";
}

type ReadReplySchema = typeof ReadResponse40Schema | typeof ReadResponseSchema;
type ReadMethod = DescMethodUnary<typeof ReadRequestSchema, ReadReplySchema>;

const textReader = { ...Reader.method.read, output: ReadResponse40Schema };

/** An error may be the end of the body. Throws any other. */
function isEnd(error: MessageShape<ReadReplySchema>["error"]): boolean {
  if (error === undefined) return false;
  if (error === "EOF" || (typeof error === "object" && error.errorCode === ErrorCode.EOF)) return true;
  const problem = typeof error === "object" ? error.message : error;
  throw new ConnectError(`cannot read the request: ${problem}`, Code.Aborted); // caused by the client, not a bug
}
