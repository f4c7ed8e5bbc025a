import type { Subprocess } from "bun";

/**
 * A program on the crates of timestampvm-rs, `oracle/`, which says what that makes of a block. It is there when
 * FUZZ_ORACLE names its binary.
 */
export class Oracle implements AsyncDisposable {
  readonly #process: Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncGenerator<string>;

  static start(): Oracle | undefined {
    const path = process.env.FUZZ_ORACLE;
    return path ? new Oracle(path) : undefined;
  }

  private constructor(path: string) {
    this.#process = Bun.spawn([path], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#lines = linesOf(this.#process.stdout);
  }

  /** For each input the canonical text of the block that it is; "" when it is none. */
  async read(inputs: readonly Uint8Array[]): Promise<string[]> {
    const { stdin } = this.#process;
    stdin.write(Buffer.concat(inputs.flatMap((input) => [u32(input.length), input])));
    stdin.flush();
    const answers: string[] = [];
    while (answers.length < inputs.length) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error("the oracle has ended");
      answers.push(value);
    }
    return answers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.#process.exited;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function u32(number: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
