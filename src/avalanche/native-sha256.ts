import { createHash, hash } from "node:crypto";

/** Has the shape of @noble/hashes, which replaces it in browsers. */
export const sha256 = Object.assign((bytes: Uint8Array): Uint8Array => hash("sha256", bytes, "buffer"), {
  create: () => createHash("sha256"),
});
