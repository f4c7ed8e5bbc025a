import { ripemd160, sha1 } from "@noble/hashes/legacy.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { sha256 } from "../../avalanche/sha256.ts";
import { type ByteReader, type ByteWriter, compareBytes, joinBytes } from "./bytes.ts";

// The operations of OpenTimestamps (python-opentimestamps 0.4.5, core/op.py).

/** What is done to a message, and gives the next one. */
export type Op =
  | { readonly kind: "append" | "prepend"; readonly bytes: Uint8Array }
  | { readonly kind: HashKind | "reverse" | "hexlify" };

/** A hash that a file can be stamped by. */
export type HashKind = "sha1" | "ripemd160" | "sha256" | "keccak256";

/** Bytes of a message, of what is put before or behind it, and of every result. */
export const maxMessageBytes = 4096;

const tags = {
  sha1: 0x02,
  ripemd160: 0x03,
  sha256: 0x08,
  keccak256: 0x67,
  append: 0xf0,
  prepend: 0xf1,
  reverse: 0xf2,
  hexlify: 0xf3,
} as const satisfies Record<Op["kind"], number>;

const kindByTag = new Map(Object.entries(tags).map(([kind, tag]) => [tag as number, kind as Op["kind"]]));

const hashes = { sha1, ripemd160, sha256, keccak256: keccak_256 };

/** Bytes that each hash gives. */
export const hashBytes: Readonly<Record<HashKind, number>> = { sha1: 20, ripemd160: 20, sha256: 32, keccak256: 32 };

export function isHash(kind: Op["kind"]): kind is HashKind {
  return kind in hashBytes;
}

/** Reads an operation whose tag was read. Throws "malformed ots". */
export function readOp(tag: number, reader: ByteReader): Op {
  const kind = kindByTag.get(tag);
  if (kind === undefined) throw reader.malformed(`an unknown operation ${tag.toString(16).padStart(2, "0")}`);
  if (kind === "append" || kind === "prepend") return { kind, bytes: reader.readVarBytes(1, maxMessageBytes, kind) };
  return { kind };
}

export function writeOp(op: Op, writer: ByteWriter): void {
  writer.writeByte(tags[op.kind]);
  if ("bytes" in op) writer.writeVarBytes(op.bytes);
}

/** The bytes of an operation's result, by those of its message. */
export function resultBytes(op: Op, messageBytes: number): number {
  if ("bytes" in op) return messageBytes + op.bytes.length;
  if (op.kind === "reverse") return messageBytes;
  if (op.kind === "hexlify") return 2 * messageBytes;
  return hashBytes[op.kind];
}

/** Gives the next message. */
export function applyOp(op: Op, message: Uint8Array): Uint8Array {
  switch (op.kind) {
    case "append":
      return joinBytes(message, op.bytes);
    case "prepend":
      return joinBytes(op.bytes, message);
    case "reverse":
      return message.toReversed();
    case "hexlify":
      return new TextEncoder().encode(message.toHex());
    default:
      return hashes[op.kind](message);
  }
}

/** The order in which the stock client writes operations; 0 for the same one. */
export function compareOps(a: Op, b: Op): number {
  const difference = tags[a.kind] - tags[b.kind];
  return difference === 0 && "bytes" in a && "bytes" in b ? compareBytes(a.bytes, b.bytes) : difference;
}
