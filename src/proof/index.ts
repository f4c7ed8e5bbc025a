// The package's export `timestampvm/proof`: checks proofs, and makes `.ots` files, without a node. Runs in
// browsers, Bun and Node.js.

export type { Id } from "../avalanche/id.ts";
export type { Block } from "../core/block.ts";
export { type Digest, digestFromBytes, digestOf, matchOf } from "../core/digest.ts";
export { parseDigest } from "../core/digest-text.ts";
export { saltedDigest } from "../core/salted-digest.ts";
export { attestBlock, blockTag, type StampedBlock, timestampByBlock } from "./block-attestation.ts";
export { type BlockClaim, blockClaimsOf } from "./block-claims.ts";
export { type CheckedProof, checkProof, maxProofFileBytes, parseProof } from "./block-proof.ts";
export { ProofError, type ProofRefusal } from "./errors.ts";
export { type Carrier, FileTree, proveFile } from "./file-proofs.ts";
export { MerkleTree } from "./merkle.ts";
export type { Attestation } from "./ots/attestation.ts";
export type { HashKind, Op } from "./ots/op.ts";
export { hasMagic, maxOtsBytes, readOts } from "./ots/read.ts";
export {
  type Branch,
  createTimestamp,
  leadTo,
  mergeTimestamps,
  type OtsFile,
  type Timestamp,
} from "./ots/timestamp.ts";
export { changeOts, keepAttestations, type Message, messagesOf } from "./ots/walk.ts";
export { writeOts } from "./ots/write.ts";
export type { ProofHints } from "./proof-hints.ts";
