import { equalBytes, type Id, idBytes, idFromBytes, idToBytes } from "../avalanche/id.ts";
import { sha256 } from "../avalanche/sha256.ts";
import { type Block, parseBlock } from "../core/block.ts";
import { ChainError } from "../core/errors.ts";
import { expectProvable } from "./block-proof.ts";
import { ProofError } from "./errors.ts";
import { type Attestation, maxPayloadBytes } from "./ots/attestation.ts";
import { ByteReader, ByteWriter } from "./ots/bytes.ts";
import type { Op } from "./ots/op.ts";
import { createTimestamp, leadTo, type Timestamp } from "./ots/timestamp.ts";

// A block as an attestation of OpenTimestamps. docs/proof-format.md has the format.

/** The first 8 bytes of SHA-256("timestampvm block attestation v1"), in hex. */
export const blockTag = "7fcc294a79166871";

/** A block, and the chain that it is said to be of. The block's id does not show that: its name is only a hint. */
export interface StampedBlock {
  /** Less than 2^32; 0 where there is none. */
  readonly network: bigint;
  readonly chain: Id;
  readonly block: Block;
}

/** What an attestation with `blockTag` says. A block is about a message that `messageOfBlock` gives, and no other. */
export type BlockAttestation =
  | ({ readonly kind: "block" } & StampedBlock)
  /** It has a form that this program does not know: a newer one made it. */
  | { readonly kind: "newer"; readonly form: bigint }
  | { readonly kind: "malformed"; readonly problem: string };

const blockForm = 1n;
const maxNetwork = 2n ** 32n - 1n;

/** Reads an attestation; undefined for one that is not about a block. Takes each value in one form alone. */
export function readBlockAttestation(attestation: Attestation): BlockAttestation | undefined {
  if (attestation.kind !== "other" || attestation.tag !== blockTag) return undefined;
  try {
    return readPayload(attestation.payload);
  } catch (error) {
    const isRefusal = error instanceof ChainError || error instanceof ProofError;
    if (isRefusal && "problem" in error.refusal) return { kind: "malformed", problem: error.refusal.problem };
    throw error;
  }
}

function readPayload(payload: Uint8Array): BlockAttestation {
  const reader = new ByteReader(payload);
  const form = readShortest(reader);
  if (form !== blockForm) return { kind: "newer", form };
  const network = readShortest(reader);
  if (network > maxNetwork) throw reader.malformed("a network id of more than 32 bits");
  const chain = idFromBytes(reader.readBytes(idBytes));
  const bytes = reader.readBytes(Number(readShortest(reader)));
  reader.expectEnd();
  return { kind: "block", network, chain, block: parseBlock(bytes) };
}

/** Else two payloads would say the same. */
function readShortest(reader: ByteReader): bigint {
  const { at } = reader;
  const number = reader.readNumber();
  if (reader.at - at !== new ByteWriter().writeNumber(number).toBytes().length) {
    throw reader.malformed("a number that is not in its shortest form", at);
  }
  return number;
}

/** The attestation of a block. Throws "no proof", or "block too large": its data has over some 4,000 bytes. */
export function attestBlock({ network, chain, block }: StampedBlock): Attestation {
  expectProvable(block);
  const payload = new ByteWriter()
    .writeNumber(blockForm)
    .writeNumber(network)
    .writeBytes(idToBytes(chain))
    .writeVarBytes(block.bytes)
    .toBytes();
  const maxBytes = maxPayloadBytes - (payload.length - block.bytes.length);
  if (block.bytes.length > maxBytes) throw new ProofError({ code: "block too large", id: block.id, maxBytes });
  return { kind: "other", tag: blockTag, payload };
}

/** The message that a block attests: the SHA-256 of that of its data. So it is never the digest of a file itself. */
export function messageOfBlock({ data }: Block): Uint8Array {
  return sha256(sha256(data));
}

/**
 * What a block says of a message, 32 bytes, that it carries, or of the SHA-256 of its data. Undefined if it carries
 * neither. Throws like `attestBlock`.
 */
export function timestampByBlock(message: Uint8Array, stamped: StampedBlock): Timestamp | undefined {
  const end = createTimestamp([attestBlock(stamped)], []);
  const { data } = stamped.block;
  if (equalBytes(sha256(data), message)) return leadTo(end, [hash]);
  return equalBytes(data, message) ? leadTo(end, [hash, hash]) : undefined;
}

const hash: Op = { kind: "sha256" };
