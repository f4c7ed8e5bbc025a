import type { IncomingMessage } from "node:http";
import { digestBytes } from "../core/digest.ts";

/** The body of a request as a digest, or why it is none: too long, not of 32 bytes, or cut off. */
export type ReadDigest = Uint8Array | "too long" | "too short" | "cut off";

/** Reads the body, whatever type it says it has: the stock clients send a digest as a form. Never rejects. */
export function readDigest(request: IncomingMessage): Promise<ReadDigest> {
  if (Number(request.headers["content-length"] ?? 0) > digestBytes) return Promise.resolve("too long");
  return new Promise((resolve) => {
    const digest = new Uint8Array(digestBytes);
    let length = 0;
    request.on("data", (chunk: Uint8Array) => {
      if (length + chunk.length > digestBytes) return resolve("too long");
      digest.set(chunk, length);
      length += chunk.length;
    });
    request.on("end", () => resolve(length === digestBytes ? digest : "too short"));
    request.on("error", () => resolve("cut off"));
    request.on("close", () => resolve("cut off"));
  });
}
