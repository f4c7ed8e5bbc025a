import type { Context, Next } from "hono";
import { maxBodyBytes } from "../api/app.ts";
import type { DevEnvironment } from "./admit.ts";

type DevContext = Context<DevEnvironment>;

/** Refuses a body that is too large, by its length or while it comes. (Hono's own makes it a GET under Bun.) */
export async function limitBody(c: DevContext, next: Next): Promise<Response | undefined> {
  const coding = c.req.header("transfer-encoding")?.toLowerCase();
  if (coding === undefined) {
    if (Number(c.req.header("content-length") ?? 0) > maxBodyBytes) return refuseLarge(c);
  } else {
    if (coding !== "chunked") return c.text(`Transfer-Encoding ${JSON.stringify(coding)} is not taken\n`, 501);
    const body = await readChunks(c.req.raw.body);
    if (body === undefined) return refuseLarge(c);
    const { url, method, headers, signal } = c.req.raw;
    c.req.raw = new Request(url, { method, headers, signal, ...(body.length > 0 && { body }) });
  }
  await next();
  return undefined;
}

/** Gives undefined for too many bytes, and reads no more of them. */
async function readChunks(stream: ReadableStream<Uint8Array> | null): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuseLarge(c: DevContext): Response {
  return c.text(`a request has at most ${maxBodyBytes} bytes\n`, 413);
}
