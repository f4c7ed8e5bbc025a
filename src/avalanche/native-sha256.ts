import { createHash, hash } from "node:crypto";

/** In the form of @noble/hashes, which takes its place in browsers. */
export const sha256 = Object.assign((bytes: Uint8Array): Uint8Array => hash("sha256", bytes, "buffer"), {
  create: () => createHash("sha256"),
});
