import { writeAttestation } from "./attestation.ts";
import { ByteWriter } from "./bytes.ts";
import { type Op, writeOp } from "./op.ts";
import { attestationMark, forkMark, magic, majorVersion } from "./read.ts";
import type { Branch, OtsFile, Timestamp } from "./timestamp.ts";

/** Gives the bytes of an `.ots` file: those that the stock client (python-opentimestamps 0.4.5) writes. */
export function writeOts({ hash, digest, timestamp }: OtsFile): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().writeBytes(magic).writeNumber(majorVersion);
  writeOp({ kind: hash }, writer);
  writer.writeBytes(digest);
  writeTimestamp(timestamp, writer);
  return writer.toBytes();
}

/** Gives the bytes of what is known of a message, without the message: as a calendar answers. */
export function timestampToBytes(timestamp: Timestamp): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writeTimestamp(timestamp, writer);
  return writer.toBytes();
}

/** Gives the bytes of operations in a row. Behind them stands what is known of the last one's result. */
export function opsToBytes(ops: readonly Op[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  for (const op of ops) writeOp(op, writer);
  return writer.toBytes();
}

/** Writes the timestamp of a message. */
function writeTimestamp(timestamp: Timestamp, writer: ByteWriter): void {
  // What is to be written yet, the next last: a timestamp's parts, and before each whether another one follows it.
  const left: Part[] = partsOf(timestamp).reverse();
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part.isForked) writer.writeByte(forkMark);
    if ("op" in part.item) {
      writeOp(part.item.op, writer);
      left.push(...partsOf(part.item.result).reverse());
    } else {
      writer.writeByte(attestationMark);
      writeAttestation(part.item, writer);
    }
  }
}

interface Part {
  readonly item: Timestamp["attestations"][number] | Branch;
  /** Whether another part of the same timestamp follows. */
  readonly isForked: boolean;
}

function partsOf({ attestations, branches }: Timestamp): Part[] {
  const items = [...attestations, ...branches];
  return items.map((item, i) => ({ item, isForked: i < items.length - 1 }));
}
