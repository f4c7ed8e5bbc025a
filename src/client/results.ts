import * as z from "zod";
import { blockId, hexBytes, hexDigest, u64 } from "./params.ts";

// What the methods of contract.ts give.

export const blockSummary = z.object({ id: blockId, height: u64, timestamp: u64 }).meta({ id: "BlockSummary" });

const firstSight = z.object({ time: u64, node: z.string(), own: z.boolean() }).meta({
  id: "FirstSight",
  description:
    "when a node first saw the block, by its own clock, in Unix seconds, rounded up. own: this node saw it itself; " +
    "if not, it is the other node's word, which came with a file, and decides nothing",
});

/** What an answer says of a block beside what its bytes say. Older servers give none of these. */
export const knowledge = {
  claim: z
    .enum(["confirmed", "unconfirmed", "false"])
    .optional()
    .meta({
      description:
        "what this node knows of the block's timestamp, which its proposer wrote. confirmed: it saw the block within " +
        "a minute of that time; unconfirmed: it saw it later, or does not know when; false: it saw it before",
    }),
  firstSight: firstSight.optional(),
  reencoded: z.literal(true).optional().meta({
    description: "timestampvm-rs kept other bytes of the block than its id is of: what it says here is no proof",
  }),
};

export const block = z
  .object({
    id: blockId,
    height: u64,
    parentId: blockId,
    timestamp: u64,
    data: hexBytes,
    status: z.literal("accepted"),
    ...knowledge,
  })
  .meta({ id: "Block", description: "an accepted block; timestamp in Unix seconds, as its proposer claims" });

export const foundBlock = block
  .extend({ match: z.enum(["data", "digest"]) })
  .meta({ id: "FoundBlock", description: "match: the block carries the data itself, or its digest" });

export const classicBlock = z
  .object({ data: hexBytes, height: u64, parent_id: blockId, timestamp: u64 })
  .meta({ id: "ClassicBlock", description: "a block in the form of timestampvm-rs" });

const stampedBlock = blockSummary.extend(knowledge).meta({ id: "StampedBlock" });

export const receipt = z
  .object({
    id: hexDigest,
    status: z.enum(["pending", "processing", "accepted", "unknown"]),
    block: stampedBlock.optional(),
  })
  .meta({
    id: "Receipt",
    description:
      "id: SHA-256 of the data on chain. pending: waits on this node's disk; processing: in a block that is not " +
      "decided; accepted: in a block, which is given then; unknown: this node has never heard of it, or it has expired",
  });

const saltedReceipt = receipt.extend({ nonce: hexBytes }).meta({
  id: "SaltedReceipt",
  description:
    "a stamp of SHA-256(digest ‖ nonce), where digest is the SHA-256 of the data, and nonce 16 random bytes. Keep " +
    "the nonce with the data: without it nobody can show that this stamp is about the data",
});

export const stampReceipt = receipt.extend({ salted: saltedReceipt.optional() }).meta({
  id: "StampReceipt",
  description:
    "salted: the data is on the chain, but only in blocks whose time this node does not confirm, so it was stamped " +
    "again beside the first of these, under another digest",
});

export const proof = z
  .object({
    version: z.literal(1n),
    id: blockId,
    height: u64,
    timestamp: u64,
    digest: hexDigest,
    to: blockSummary,
    network: u64.optional(),
    chain: z.string().optional(),
    genesis: blockId.optional(),
    program: z.string().optional(),
    sha256: hexDigest.optional(),
    nonce: hexBytes.optional(),
    blocks: z.array(hexBytes),
  })
  .meta({
    id: "Proof",
    description:
      "blocks: the exact bytes of the proven block, of its child, and so on up to block `to`. The SHA-256 of each is " +
      "its id, which the next one names as its parent_id. digest: SHA-256 of the proven block's data. The others are " +
      "for people, and nothing to trust: network, chain and genesis; program: what made the proof; sha256: that of " +
      "the data that was stamped, as sha256sum prints it; nonce: of a salted stamp, which nodes do not know",
  });

export const success = z.object({ success: z.literal(true) }).meta({ id: "Success" });
