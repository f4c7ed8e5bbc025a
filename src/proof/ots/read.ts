import { type Attestation, readAttestation } from "./attestation.ts";
import { ByteReader } from "./bytes.ts";
import { type HashKind, hashBytes, isHash, maxMessageBytes, type Op, readOp, resultBytes } from "./op.ts";
import { type Branch, createTimestamp, type OtsFile, type Timestamp } from "./timestamp.ts";

// Reads as strictly as the stock client (python-opentimestamps 0.4.5), and as otskit 0.1.0 where that is stricter.

/** What every proof of a file begins with: 31 bytes. */
export const magic: Uint8Array = Uint8Array.of(
  0x00,
  ...new TextEncoder().encode("OpenTimestamps\0\0Proof\0"),
  ...[0xbf, 0x89, 0xe2, 0xe8, 0x84, 0xe8, 0x92, 0x94],
);
export const majorVersion = 1;
/** Marks an attestation among operations. */
export const attestationMark = 0x00;
/** Stands before every part of a timestamp but the last. */
export const forkMark = 0xff;

/** Bytes of a file. */
export const maxOtsBytes = 1024 * 1024;
/** Operations from a file's digest to an attestation. */
const maxOps = 255;
/** Attestations and operations of a file. */
const maxItems = 100_000;
/** Bytes of all messages of a file together: what a reader computes. */
const maxComputedBytes = 64 * 1024 * 1024;

/** Reads an `.ots` file. Throws "malformed ots", with the offset of what is wrong. Time and memory are bounded. */
export function readOts(bytes: Uint8Array): OtsFile {
  const reader = new ByteReader(bytes);
  if (bytes.length > maxOtsBytes) throw reader.malformed(`it has more than ${maxOtsBytes} bytes`);
  expectMagic(reader);
  const version = reader.readNumber();
  if (version !== BigInt(majorVersion)) throw reader.malformed(`its version is ${version}, not ${majorVersion}`);
  const hash = readHash(reader);
  const digest = reader.readBytes(hashBytes[hash]);
  const timestamp = readTimestamp(reader, digest.length);
  reader.expectEnd();
  return { hash, digest, timestamp };
}

function readHash(reader: ByteReader): HashKind {
  const { at } = reader;
  const { kind } = readOp(reader.readByte(), reader);
  if (!isHash(kind)) throw reader.malformed("its file is hashed by what is no hash", at);
  return kind;
}

/** Whether bytes begin as every `.ots` file does. */
export function hasMagic(bytes: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

function expectMagic(reader: ByteReader): void {
  for (const byte of magic) if (reader.readByte() !== byte) throw reader.malformed("it does not begin as one does");
}

/** Reads the timestamp of a message of so many bytes. */
function readTimestamp(reader: ByteReader, messageBytes: number): Timestamp {
  const unfinished = [start(undefined, messageBytes)];
  const count = createCounter(reader);
  for (;;) {
    const current = unfinished.at(-1);
    if (current === undefined) throw reader.malformed("it has no end");
    const tag = readTag(reader, current);
    if (tag === attestationMark) {
      count(0);
      current.attestations.push(readAttestation(reader));
    } else {
      const op = readOp(tag, reader);
      const bytes = resultBytes(op, current.messageBytes);
      if (bytes > maxMessageBytes) throw reader.malformed(`a message of more than ${maxMessageBytes} bytes`);
      if (unfinished.length > maxOps) throw reader.malformed(`more than ${maxOps} operations in a row`);
      count(bytes);
      unfinished.push(start(op, bytes));
      continue;
    }
    const whole = finish(unfinished);
    if (whole !== undefined) return whole;
  }
}

/** A timestamp of which more items follow. */
interface Unfinished {
  /** What led to it; undefined for the first one. */
  readonly op: Op | undefined;
  readonly messageBytes: number;
  readonly attestations: Attestation[];
  readonly branches: Branch[];
  /** Whether the item that is being read is its last one. */
  isLast: boolean;
}

function start(op: Op | undefined, messageBytes: number): Unfinished {
  return { op, messageBytes, attestations: [], branches: [], isLast: false };
}

function readTag(reader: ByteReader, current: Unfinished): number {
  const tag = reader.readByte();
  current.isLast = tag !== forkMark;
  return current.isLast ? tag : reader.readByte();
}

/** Ends all timestamps whose last item was read. Gives the first one, which is the whole, when it is among them. */
function finish(unfinished: Unfinished[]): Timestamp | undefined {
  while (unfinished.at(-1)?.isLast) {
    const { op, attestations, branches } = unfinished.pop() ?? start(undefined, 0);
    const result = createTimestamp(attestations, branches);
    if (op === undefined) return result;
    unfinished.at(-1)?.branches.push({ op, result });
  }
  return undefined;
}

/** Gives a function that counts an item, and the bytes of its message. */
function createCounter(reader: ByteReader): (messageBytes: number) => void {
  let items = 0;
  let computedBytes = 0;
  return (messageBytes) => {
    items++;
    computedBytes += messageBytes;
    if (items > maxItems) throw reader.malformed(`more than ${maxItems} attestations and operations`);
    if (computedBytes > maxComputedBytes) throw reader.malformed(`messages of more than ${maxComputedBytes} bytes`);
  };
}
