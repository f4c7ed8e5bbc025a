import { type Attestation, readAttestation } from "./attestation.ts";
import { ByteReader } from "./bytes.ts";
import { type HashKind, hashBytes, isHash, maxMessageBytes, type Op, readOp, resultBytes } from "./op.ts";
import { createTimestamp, type OtsFile, type Timestamp } from "./timestamp.ts";

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
/** Bytes of all messages of a file together, each of which a reader computes, and may hash in four ways. */
const maxComputedBytes = 16 * 1024 * 1024;

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

/** What was read of a timestamp. Branches by one operation are one from the start: so reading takes linear time. */
interface Draft {
  readonly messageBytes: number;
  /** Operations that led to it, in their number. */
  readonly depth: number;
  readonly attestations: Attestation[];
  readonly branches: Map<string, { readonly op: Op; readonly result: Draft }>;
}

/** Reads the timestamp of a message of so many bytes. */
function readTimestamp(reader: ByteReader, messageBytes: number): Timestamp {
  const whole = createDraft(messageBytes, 0);
  const count = createCounter(reader);
  // Of all these, another part follows. The next part is of the last one.
  const unfinished = [whole];
  for (let draft = unfinished.pop(); draft !== undefined; draft = unfinished.pop()) {
    const first = reader.readByte();
    if (first === forkMark) unfinished.push(draft);
    const tag = first === forkMark ? reader.readByte() : first;
    if (tag === attestationMark) {
      draft.attestations.push(readAttestation(reader));
      count(0);
    } else {
      const result = branchOf(draft, readOp(tag, reader));
      if (result.messageBytes > maxMessageBytes)
        throw reader.malformed(`a message of more than ${maxMessageBytes} bytes`);
      if (result.depth > maxOps) throw reader.malformed(`more than ${maxOps} operations in a row`);
      count(result.messageBytes);
      unfinished.push(result);
    }
  }
  return finish(whole);
}

function createDraft(messageBytes: number, depth: number): Draft {
  return { messageBytes, depth, attestations: [], branches: new Map() };
}

/** The result of an operation on the message of a draft. */
function branchOf({ messageBytes, depth, branches }: Draft, op: Op): Draft {
  const key = "bytes" in op ? `${op.kind} ${op.bytes.toHex()}` : op.kind;
  const known = branches.get(key);
  if (known !== undefined) return known.result;
  const result = createDraft(resultBytes(op, messageBytes), depth + 1);
  branches.set(key, { op, result });
  return result;
}

/** Calls itself once for each operation in a row, of which there are at most `maxOps`. */
function finish({ attestations, branches }: Draft): Timestamp {
  return createTimestamp(
    attestations,
    [...branches.values()].map(({ op, result }) => ({ op, result: finish(result) })),
  );
}

/** Gives a function that counts an attestation, or an operation with the bytes of its result. */
function createCounter(reader: ByteReader): (bytes: number) => void {
  let items = 0;
  let computedBytes = 0;
  return (bytes) => {
    items++;
    computedBytes += bytes;
    if (items > maxItems) throw reader.malformed(`more than ${maxItems} attestations and operations`);
    if (computedBytes > maxComputedBytes) throw reader.malformed(`messages of more than ${maxComputedBytes} bytes`);
  };
}
