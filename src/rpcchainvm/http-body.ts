import { ReadResponse40Schema } from "../../gen/io/reader/older_pb.ts";
import { ErrorCode, Reader } from "../../gen/io/reader/reader_pb.ts";
import type { GrpcClient } from "./grpc-client.ts";
import type { Protocol } from "./protocol.ts";

/** Bytes asked for in one call. */
const readBytes = 1024 * 1024;

/** The body of a request of http.HTTP/Handle; undefined when it has more than `maxBytes`. Throws what the node says. */
export async function readBody(
  { requestBody }: Protocol,
  inside: Uint8Array,
  node: GrpcClient,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  if (requestBody === "inside") return inside.length > maxBytes ? undefined : inside;
  const readMore = requestBody === "read to EOF text" ? readToText : readToCode;
  const chunks: Uint8Array[] = [];
  for (let bytes = 0; bytes <= maxBytes; ) {
    const { read, isLast } = await readMore(node);
    chunks.push(read);
    bytes += read.length;
    if (isLast) return Buffer.concat(chunks);
  }
  return undefined;
}

interface Part {
  readonly read: Uint8Array;
  readonly isLast: boolean;
}

async function readToText(node: GrpcClient): Promise<Part> {
  const { read, error } = await node.call(textReader, { length: readBytes });
  if (error !== undefined && error !== "EOF") throw new Error(`cannot read the request: ${error}`);
  return { read, isLast: error !== undefined };
}

async function readToCode(node: GrpcClient): Promise<Part> {
  const { read, error } = await node.call(Reader.method.read, { length: readBytes });
  if (error !== undefined && error.errorCode !== ErrorCode.EOF) {
    throw new Error(`cannot read the request: ${error.message}`);
  }
  return { read, isLast: error !== undefined };
}

const textReader = { ...Reader.method.read, output: ReadResponse40Schema };
