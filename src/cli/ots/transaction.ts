import { sha256 } from "../../avalanche/sha256.ts";
import { ProofError } from "../../proof/errors.ts";
import { ByteReader } from "../../proof/ots/bytes.ts";

// A calendar puts what it was given into a transaction of Bitcoin: its id is what explorers find.

/** The id of a transaction of Bitcoin, as explorers show it; undefined for bytes that are none. */
export function transactionIdOf(bytes: Uint8Array): string | undefined {
  if (!isTransaction(bytes)) return undefined;
  return sha256(sha256(bytes)).toReversed().toHex();
}

/** The form that is hashed, which has no witnesses (BIP 144). */
function isTransaction(bytes: Uint8Array): boolean {
  const reader = new ByteReader(bytes);
  try {
    reader.readBytes(versionBytes);
    const inputs = skipScripts(reader, outPointBytes, sequenceBytes);
    const outputs = skipScripts(reader, valueBytes, 0);
    reader.readBytes(lockTimeBytes);
    reader.expectEnd();
    return inputs > 0 && outputs > 0;
  } catch (error) {
    if (error instanceof ProofError) return false;
    throw error;
  }
}

const versionBytes = 4;
const outPointBytes = 36;
const sequenceBytes = 4;
const valueBytes = 8;
const lockTimeBytes = 4;

/** Gives how many there were: each is a script with bytes before and behind it. */
function skipScripts(reader: ByteReader, before: number, behind: number): number {
  const count = readSize(reader);
  for (let i = 0; i < count; i++) {
    reader.readBytes(before);
    reader.readBytes(readSize(reader));
    reader.readBytes(behind);
  }
  return count;
}

/** No message of a proof has room for the sizes of more than 16 bits. */
function readSize(reader: ByteReader): number {
  const first = reader.readByte();
  if (first < 0xfd) return first;
  if (first > 0xfd) throw reader.malformed("a size that is too large");
  return reader.readByte() | (reader.readByte() << 8);
}
