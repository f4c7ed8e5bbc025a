import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { type Id, parseId } from "../../src/avalanche/id.ts";
import { runCli } from "../../src/cli/cli.ts";
import type { OutputParts } from "../../src/cli/terminal/output.ts";
import type { Clock } from "../../src/client/waiting.ts";
import { createBlock } from "../../src/core/block.ts";
import type { DevChain } from "../../src/dev/dev-chain.ts";
import { startTestChain } from "../support/dev-chain.ts";
import type { Ran } from "./db-support.ts";

const about = { name: "timestampvm", version: "1.2.3", protocols: { oldest: 16, newest: 46, default: 45 } };

/** What surrounds a command, beside its arguments: nobody at a terminal, and nothing to read, unless a test says so. */
export interface Surroundings extends Partial<Omit<OutputParts, "out" | "err" | "input">> {
  /** A file that is standard input. */
  readonly stdin?: string;
  /** Called with all that is printed so far. */
  readonly onOut?: (text: string) => void;
  /** Called with each text that goes to standard error. */
  readonly onErr?: (text: string) => void;
}

export interface RanWithBytes extends Ran {
  /** What was printed, as it came. */
  readonly bytes: Uint8Array;
}

/** Runs a command line in this process. */
export async function run(args: readonly string[], surroundings: Surroundings = {}): Promise<RanWithBytes> {
  const { stdin, onOut, onErr, ...rest } = surroundings;
  const pieces: Uint8Array[] = [];
  let err = "";
  const fileDescriptor = stdin === undefined ? undefined : openSync(stdin, "r");
  try {
    const code = await runCli(args, about, {
      out: (content) => {
        pieces.push(Buffer.from(content as string));
        onOut?.(Buffer.concat(pieces).toString());
      },
      err: (text) => {
        err += text;
        onErr?.(text);
      },
      ...(fileDescriptor !== undefined && { input: { fileDescriptor, isTerminal: false } }),
      ...rest,
    });
    const bytes = Buffer.concat(pieces);
    return { code, out: bytes.toString(), err, bytes };
  } finally {
    if (fileDescriptor !== undefined) closeSync(fileDescriptor);
  }
}

/** Goes on only while a command pauses between two calls, and notes for how long it does. */
export class StandingClock implements Clock {
  readonly pauses: number[] = [];
  #ms = 0;

  nowMs(): number {
    return this.#ms;
  }

  async pause(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal !== undefined) return untilAborted(signal); // an answer may take as long as it likes
    this.pauses.push(ms);
    this.#ms += ms;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve());
    if (signal.aborted) resolve();
  });
}

/** A development chain in this process. */
export class TestChain implements Disposable {
  readonly #chain: DevChain;
  readonly url: string;
  readonly rpc: string;
  readonly genesisId: string;

  static async start(minBlockIntervalMs = 0, genesis = '{"data":"the first"}'): Promise<TestChain> {
    const genesisBytes = new TextEncoder().encode(genesis);
    return new TestChain(await startTestChain({ genesisBytes, config: { minBlockIntervalMs } }));
  }

  private constructor(chain: DevChain) {
    this.#chain = chain;
    this.url = this.#chain.url;
    this.rpc = this.#chain.rpc;
    this.genesisId = this.#chain.genesis.id;
  }

  /** Runs a command that asks this chain. */
  run(args: readonly string[], surroundings: Surroundings = {}): Promise<RanWithBytes> {
    return run(args, { environment: { TIMESTAMPVM_URL: this.rpc }, ...surroundings });
  }

  /** Calls a method without the code under test. Integers lose digits. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, which the tests look into
  async call(method: string, params?: object): Promise<any> {
    const answer = await fetch(this.rpc, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } };
    if (error !== undefined) throw new Error(error.message);
    return result;
  }

  /** Resolves with the blocks that carry `data`, once they are accepted. */
  async accept(data: readonly (string | Uint8Array)[]): Promise<readonly AcceptedBlock[]> {
    const blocks: AcceptedBlock[] = [];
    for (const text of data) {
      const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
      await this.call("proposeBlock", { data: `0x${bytes.toHex()}` });
      const { block } = await this.call("getReceipt", { id: sha256(bytes), waitMs: 20_000 });
      blocks.push({ id: block.id, height: block.height, timestamp: block.timestamp });
    }
    return blocks;
  }

  [Symbol.dispose](): void {
    this.#chain.close();
  }
}

export interface AcceptedBlock {
  readonly id: string;
  readonly height: number;
  readonly timestamp: number;
}

/** In hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The SHA-256 of the bytes of a SHA-256. */
export function sha256Twice(data: string | Uint8Array): string {
  return sha256(Uint8Array.fromHex(sha256(data)));
}

export function isoTime(timestamp: number): string {
  return new Date(timestamp * 1_000).toISOString().replace(".000Z", "Z");
}

/** A server that answers each method with what `answers` gives for it, or with a response of its own. */
export class FakeServer implements Disposable {
  readonly #server;
  readonly asked: { readonly method: string; readonly params: Record<string, unknown> }[] = [];

  constructor(answers: (method: string, params: Record<string, unknown>) => unknown) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        if (request.method === "GET") return new Response("", { status: 404 }); // /ext/health: it is no node
        const { id, method, params } = (await request.json()) as { id: number; method: string; params: never };
        this.asked.push({ method, params });
        const answer = await answers(method, params);
        if (answer instanceof Response) return answer;
        if (answer instanceof RpcFailure) return Response.json({ jsonrpc: "2.0", id, error: { ...answer } });
        return Response.json({ jsonrpc: "2.0", id, result: answer });
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  run(args: readonly string[], surroundings: Surroundings = {}): Promise<RanWithBytes> {
    return run([...args, "--url", this.url], surroundings);
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

/** The node id of `knowledge`, of 20 zero bytes. */
export const someNode = "NodeID-111111111111111111116DBWJs";

/** What a node says of a block that it saw half a minute after the block's own time. Nobody proposed genesis. */
export const confirmed = ({ height, timestamp }: Pick<AcceptedBlock, "height" | "timestamp">) =>
  height === 0 ? {} : { claim: "confirmed", firstSight: { time: timestamp + 30, node: someNode, own: true } };

/** A server that gives the blocks of a chain, and `knows` what their times are worth. */
export function serverThat(knows: (block: AcceptedBlock) => object, chain: TestChain): FakeServer {
  const know = (block: AcceptedBlock) => ({ ...block, claim: undefined, firstSight: undefined, ...knows(block) });
  return new FakeServer(async (method, params) => {
    const answer = await chain.call(method, params);
    const { blocks, block } = answer;
    return { ...answer, ...(blocks && { blocks: blocks.map(know) }), ...(block && { block: know(block) }) };
  });
}

/** A port at which nobody listens any more. */
export function closedPort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  listener.stop(true);
  return listener.port;
}

export class RpcFailure {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    this.code = code;
    this.message = message;
    this.data = data;
  }
}

/** A block as the API gives it. Its parent is a block of the same kind that carries one zero byte. */
export function apiBlock(height: number, data = "0x00", more: object = {}): object {
  const parentId = parentIdAt(height);
  const { id } = createBlock({ ...madeFields(height, parentId), data: Uint8Array.fromHex(data.slice(2)) });
  return { id, height, parentId, timestamp: madeTimestamp, data, status: "accepted", ...more };
}

/** The same at height 1, with a time of its own. */
export function blockOf(data: string, timestamp: number): AcceptedBlock & object {
  const parentId = parentIdAt(1);
  const fields = { parentId, height: 1n, timestamp: BigInt(timestamp), data: Uint8Array.fromHex(data.slice(2)) };
  return { id: createBlock(fields).id, height: 1, parentId, timestamp, data, status: "accepted" } as AcceptedBlock;
}

/** Unix seconds: 2026-11-21T21:41:51Z. */
const madeTimestamp = 1_795_297_311;
const madeIds: Id[] = [];

function parentIdAt(height: number): Id {
  while (madeIds.length < height) {
    const next = madeIds.length;
    madeIds.push(createBlock({ ...madeFields(next, parentIdAt(next)), data: Uint8Array.of(0) }).id);
  }
  return madeIds[height - 1] ?? parseId("11111111111111111111111111111111LpoYY");
}

function madeFields(height: number, parentId: Id) {
  return { parentId, height: BigInt(height), timestamp: BigInt(madeTimestamp) };
}

/** Text as the API gives bytes. */
export function hexOf(text: string): string {
  return `0x${Buffer.from(text).toString("hex")}`;
}
