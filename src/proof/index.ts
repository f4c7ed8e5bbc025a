// The package's export `timestampvm/proof`: checks a proof without a node. Runs in browsers, Bun and Node.js.

export type { Id } from "../avalanche/id.ts";
export type { Block } from "../core/block.ts";
export { type Digest, digestFromBytes, digestOf, matchOf } from "../core/digest.ts";
export { parseDigest } from "../core/digest-text.ts";
export { saltedDigest } from "../core/salted-digest.ts";
export { type CheckedProof, checkProof, maxProofFileBytes, parseProof } from "./block-proof.ts";
export { ProofError, type ProofRefusal } from "./errors.ts";
export type { ProofHints } from "./proof-hints.ts";
