import { ProofError } from "../errors.ts";

// Numbers and byte strings as OpenTimestamps writes them (python-opentimestamps 0.4.5, core/serialize.py).

/** The largest number that is read: 64 bits. */
const maxNumber = 2n ** 64n - 1n;
/** Bytes of the longest number that is read: 7 bits each. */
const maxNumberBytes = 10;

/** Reads bytes from front to end. Throws "malformed ots" where they end too early, or a number is too large. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  #at = 0;

  /** `start` is the offset of the first byte in what errors speak of. */
  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#start = start;
  }

  /** The offset of the next byte. */
  get at(): number {
    return this.#start + this.#at;
  }

  readByte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.malformed("it ends too early");
    this.#at++;
    return byte;
  }

  /** Gives a copy of the next bytes. */
  readBytes(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw this.malformed("it ends too early");
    const start = this.#at;
    this.#at += length;
    return this.#bytes.slice(start, this.#at);
  }

  /** Reads a number in base 128, the lowest digit first. It need not be in its shortest form. */
  readNumber(): bigint {
    const start = this.at;
    let number = 0n;
    for (let i = 0; i < maxNumberBytes; i++) {
      const byte = this.readByte();
      number |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) {
        if (number > maxNumber) break;
        return number;
      }
    }
    throw this.malformed("a number of more than 64 bits", start);
  }

  /** Reads a length, and so many bytes. `what` names them in errors. */
  readVarBytes(min: number, max: number, what: string): Uint8Array {
    const start = this.at;
    const length = this.readNumber();
    if (length < min || length > max) {
      throw this.malformed(`${what} of ${length} bytes, not ${min} to ${max}`, start);
    }
    return this.readBytes(Number(length));
  }

  expectEnd(): void {
    if (this.#at < this.#bytes.length) throw this.malformed("more bytes after its end");
  }

  malformed(problem: string, at = this.at): ProofError {
    return new ProofError({ code: "malformed ots", problem, at });
  }
}

/** Collects bytes. */
export class ByteWriter {
  #bytes = new Uint8Array(firstBytes);
  #length = 0;

  writeByte(byte: number): this {
    this.#makeRoom(1);
    this.#bytes[this.#length++] = byte;
    return this;
  }

  writeBytes(bytes: Uint8Array): this {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Writes a number in its shortest form. */
  writeNumber(number: bigint | number): this {
    let rest = BigInt(number);
    for (; rest > 0x7fn; rest >>= 7n) this.writeByte(Number(rest & 0x7fn) | 0x80);
    return this.writeByte(Number(rest));
  }

  writeVarBytes(bytes: Uint8Array): this {
    return this.writeNumber(bytes.length).writeBytes(bytes);
  }

  /** Gives a copy of all that was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Of the first buffer: enough for a usual proof. */
const firstBytes = 1024;

/** Compares byte by byte, as Python compares bytes: negative if `a` comes first, 0 if they are equal. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Gives a new array with the bytes of both. */
export function joinBytes(front: Uint8Array, back: Uint8Array): Uint8Array {
  const joined = new Uint8Array(front.length + back.length);
  joined.set(front);
  joined.set(back, front.length);
  return joined;
}
