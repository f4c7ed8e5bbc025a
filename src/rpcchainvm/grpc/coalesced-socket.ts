import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * A connection that sends the first write of a turn of the event loop at once, and all later writes of that turn
 * together. Bun 1.4.5 makes a system call for each HTTP/2 reply: a third of the cost of a small one, under load.
 */
export class CoalescedSocket extends Duplex {
  readonly #socket: Socket;

  /** Owns the socket from here on. */
  constructor(socket: Socket) {
    super({ writableHighWaterMark });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this._writev([{ chunk }], callback);
  }

  /** Holds back later writes until the turn is over. They then arrive here together. */
  override _writev(chunks: readonly { chunk: Buffer }[], callback: () => void): void {
    const [first] = chunks;
    const bytes = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    if (chunks.length === 1 && first !== undefined) this.#socket.write(first.chunk, () => callback());
    else if (bytes <= maxCopiedBytes)
      this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), () => callback());
    else this.#writeEach(chunks, callback);
    this.cork();
    setImmediate(() => this.uncork());
  }

  #writeEach(chunks: readonly { chunk: Buffer }[], callback: () => void): void {
    for (const { chunk } of chunks.slice(0, -1)) this.#socket.write(chunk);
    this.#socket.write(chunks.at(-1)?.chunk ?? "", () => callback());
  }

  override _final(callback: () => void): void {
    this.#socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket.destroy();
    callback(error);
  }
}

/** At most so many bytes are copied into one piece. For more, a copy costs more than the system calls. */
const maxCopiedBytes = 256 * 1024;

/** Bytes: room for several replies with the largest data. */
const writableHighWaterMark = 8 * 1024 * 1024;
