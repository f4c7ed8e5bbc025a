import { expect } from "bun:test";
import { connect } from "node:net";
import { type DescMethodUnary, fromBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { HandleSimpleHTTPResponseSchema, HTTP } from "../../gen/http/http_pb.ts";
import {
  BatchedParseBlockRequestSchema,
  BlockVerifyRequestSchema,
  ParseBlockRequestSchema,
  VM,
} from "../../gen/vm/vm_pb.ts";
import { within } from "../fake-node/deadline.ts";
import { FakeExchange } from "../fake-node/fake-exchange.ts";
import { GrpcChannel } from "../fake-node/grpc-peer.ts";
import { answerOn, frame, type RawAnswer, RawCaller } from "../fake-node/raw-grpc.ts";
import type { Plugin } from "../support/plugin.ts";
import { testProtocol } from "../support/test-protocol.ts";
import { mutate } from "./mutate.ts";
import { someMessage, spoiledMessage } from "./protobuf.ts";
import type { Random } from "./random.ts";
import { World } from "./world.ts";

/** In which part of its life the plugin is. */
type Phase = "new" | "open" | "shut down";

const callsPerBurst = 150;

/** Those that change the chain come more often. */
const methods = [...VM.methods, ...HTTP.methods]
  .filter(({ name }) => name !== "Shutdown")
  .flatMap(
    (method) => Array(/^Block(Verify|Accept|Reject)$/.test(method.name) ? 4 : 1).fill(method) as DescMethodUnary[],
  );
/** What a peer causes: an error would stop the chain. */
const peerMethods = /\/(App|CrossChainApp|Connected|Disconnected|StateSync|.*StateSummary|Gather|Version)/;
/** How a request that is read may be answered: no other code, since "internal" is a bug. */
const answers: readonly number[] = [
  0,
  Code.InvalidArgument,
  Code.FailedPrecondition,
  Code.ResourceExhausted,
  Code.Unavailable,
  Code.DeadlineExceeded,
];

/**
 * Whoever talks to a plugin, and means no good. Expects of each answer what holds for it alone. A seed means the same
 * calls every time, but for ports, and for the times in blocks that the plugin builds.
 */
export class Attack implements AsyncDisposable {
  readonly world: World;
  readonly #random: Random;
  readonly #vm: RawCaller;
  readonly #http: RawCaller;
  readonly #addresses: readonly string[];
  readonly #exchange: FakeExchange;

  static async start(plugin: Plugin, random: Random): Promise<Attack> {
    using channel = new GrpcChannel(plugin.handshake.addr);
    const { serverAddr } = await channel.client(VM).newHTTPHandler({}); // whatever the protocol
    const exchange = await FakeExchange.listen(random.bytes(1_000), { protocol: testProtocol });
    return new Attack([plugin.handshake.addr, serverAddr], exchange, random);
  }

  private constructor(addresses: readonly [string, string], exchange: FakeExchange, random: Random) {
    this.#random = random;
    this.#exchange = exchange;
    this.world = new World(random, exchange.address);
    this.#addresses = addresses;
    this.#vm = new RawCaller(addresses[0]);
    this.#http = new RawCaller(addresses[1]);
  }

  /** A request that every reader takes. Gives the answer and how to name it. */
  async request(path: string, request: Uint8Array): Promise<{ readonly answer: RawAnswer; readonly said: string }> {
    const answer = await this.#callerOf(path).call(path, [frame(request)], timeoutOf(path));
    const said = `${path}: ${codeOf(answer)} ${answer.headers["grpc-message"]}, for ${request.toHex()}`;
    if (peerMethods.test(path)) expect(codeOf(answer), said).toBe(0);
    else if (!/\/(Initialize|Handle)$/.test(path)) expect(answers, said).toContain(codeOf(answer));
    return { answer, said };
  }

  /** Many calls, up to sixteen of them at a time. */
  async burst(phase: Phase): Promise<void> {
    for (let left = callsPerBurst; left > 0; ) {
      const together = 1 + this.#random.below(16);
      const verified = await Promise.all(this.#random.many(together, () => this.#callOnce(phase)));
      // Not as the answers come: a seed must mean the same inputs every time.
      for (const bytes of verified) if (bytes !== undefined) this.world.verified(bytes);
      left -= together;
    }
    await this.#sendGarbage();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#vm[Symbol.dispose]();
    this.#http[Symbol.dispose]();
    await this.#exchange[Symbol.asyncDispose]();
  }

  /** Gives the block that it had verified. */
  #callOnce(phase: Phase): Promise<Uint8Array | undefined> {
    const method = this.#random.pick(methods);
    return this.#random.pick([
      () => this.#callWell(method, phase),
      () => this.#callWell(method, phase),
      () => this.#callWell(method, phase),
      () => this.#callSpoiled(method),
      () => this.#callBadly(method),
    ])();
  }

  async #callWell(method: DescMethodUnary, phase: Phase): Promise<Uint8Array | undefined> {
    const request = new Uint8Array(someMessage(this.#random, method.input, this.world));
    const { answer, said } = await this.request(pathOf(method), request);
    const code = codeOf(answer);
    if (method.name === "Initialize") expect(code, said).not.toBe(0); // what it says is never right
    if (phase === "open") this.#expectVerdict(method, request, code, said);
    if (method.name === "HandleSimple" && code === 0) {
      const http = fromBinary(HandleSimpleHTTPResponseSchema, answer.body.subarray(5));
      // 503 on a busy machine: what a burst has not had answered yet takes up room.
      expect(phase === "open" ? [200, 204, 400, 404, 405, 413, 415, 503] : [400, 503], said).toContain(http.code);
    }
    const isVerified = method.name === "BlockVerify" && code === 0;
    return isVerified ? fromBinary(BlockVerifyRequestSchema, request).bytes : undefined;
  }

  /** What is taken is what serde takes. */
  #expectVerdict({ name }: DescMethodUnary, request: Uint8Array, code: number, said: string): void {
    const sent: Uint8Array[] = [];
    if (name === "ParseBlock") sent.push(fromBinary(ParseBlockRequestSchema, request).bytes);
    if (name === "BlockVerify") sent.push(fromBinary(BlockVerifyRequestSchema, request).bytes);
    if (name === "BatchedParseBlock") sent.push(...fromBinary(BatchedParseBlockRequestSchema, request).request);
    const verdicts = sent.map((bytes) => this.world.isBlock(bytes));
    if (verdicts.includes(false)) expect(code, said).toBe(Code.InvalidArgument);
    else if (name === "ParseBlock" && verdicts[0] === true && code !== 0)
      expect(said).toContain("beyond the year 9999");
  }

  /** A message that is none: any answer will do. */
  async #callSpoiled(method: DescMethodUnary): Promise<undefined> {
    const isHarmless = !["Initialize", "Handle"].includes(method.name); // these open connections and files
    const request = () => mutate(this.#random, someMessage(this.#random, method.input, this.world));
    const message = isHarmless && this.#random.oneIn(2) ? request() : spoiledMessage(this.#random, method.input);
    await this.#callerOf(pathOf(method)).call(pathOf(method), [frame(message)], timeoutOf(pathOf(method)));
  }

  /** Frames, headers and streams that are no call. */
  async #callBadly(method: DescMethodUnary): Promise<undefined> {
    const random = this.#random;
    const message = random.oneIn(4) ? random.bytes(random.below(100)) : someMessage(random, method.input, this.world);
    const lies = { flag: random.pick([0, 0, 1, 255]), length: random.pick([0, 1, 100, 2 ** 20, 2 ** 27, 2 ** 32 - 1]) };
    const bytes = random.oneIn(2) ? frame(message, lies) : frame(message).subarray(0, random.below(message.length + 5));
    const timeout = random.pick(["1m", "0n", "99999999H", "-1S", "1", "S", "123456789m", ""]);
    const path = random.oneIn(2)
      ? pathOf(method)
      : random.pick(["/", "/vm.VM/", "/vm.VM/Nope", "//", "/vm.VM/version", "/__proto__/x"]);
    const type = random.oneIn(2) ? "application/grpc" : random.pick(["application/grpc+json", "text/html", ""]);
    const headers = { "content-type": type, ...(random.oneIn(3) && { "grpc-timeout": timeout }) };
    const stream = this.#callerOf(path).open(path, { ...headers, ...timeoutOf(path) });
    const half = random.below(bytes.length + 1);
    stream.write(bytes.subarray(0, half));
    stream.write(bytes.subarray(half));
    if (random.oneIn(4)) stream.close(random.below(14));
    else stream.end();
    const isWhole = bytes.length >= 5 && bytes[0] === 0 && bytes.readUInt32BE(1) === bytes.length - 5;
    const answer = await answerOn(stream);
    const isTaken = isWhole || path.startsWith("/http."); // which says "too large" in an HTTP answer
    if (!isTaken) expect(codeOf(answer), `${path}, for ${bytes.toHex()}`).not.toBe(0);
  }

  /** On connections of their own: HTTP/2 that is none. The plugin hangs up, when we do at the latest. */
  async #sendGarbage(): Promise<void> {
    const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
    for (const address of this.#addresses) {
      const start = this.#random.pick([preface, mutate(this.#random, preface)]);
      const frames = this.#random.many(4, () => someFrame(this.#random));
      await sendAll(address, Buffer.concat([start, ...frames]));
    }
  }

  #callerOf(path: string): RawCaller {
    return path.startsWith("/http.") ? this.#http : this.#vm;
  }
}

function pathOf({ parent, name }: DescMethodUnary): string {
  return `/${parent.typeName}/${name}`;
}

/** WaitForEvent waits for work. */
function timeoutOf(path: string): { "grpc-timeout"?: string } {
  return path.endsWith("/WaitForEvent") ? { "grpc-timeout": "20m" } : {};
}

function codeOf({ headers, trailers }: RawAnswer): number {
  return Number(trailers["grpc-status"] ?? headers["grpc-status"]);
}

/** An HTTP/2 frame with any type, flags and stream, whose length may lie. */
function someFrame(random: Random): Uint8Array {
  const payload = random.bytes(random.below(50));
  const length = random.oneIn(3) ? random.below(300) : payload.length;
  const stream = random.pick([0, 1, 2, 3, 255]);
  return Buffer.concat([Uint8Array.of(0, 0, length, random.below(11), random.below(256), 0, 0, 0, stream), payload]);
}

/** Sends the bytes and the end. Resolves when the other side has hung up. */
async function sendAll(address: string, bytes: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(Number(address.split(":")[1]), "127.0.0.1", () => socket.end(bytes));
  socket.on("error", () => {}); // a reset is an end as well
  socket.on("close", () => resolve());
  socket.resume();
  await within("the plugin to hang up", promise);
}
