import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as http2 from "node:http2";
import { connect } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { HandleSimpleHTTPRequestSchema, HandleSimpleHTTPResponseSchema } from "../../gen/http/http_pb.ts";
import { WriteRequestSchema, WriteResponseSchema } from "../../gen/http/responsewriter/responsewriter_pb.ts";
import { defaultMaxRequestBytes } from "../../src/rpcchainvm/grpc/server.ts";
import { within } from "../fake-node/deadline.ts";
import { answerOn, frame, RawCaller } from "../fake-node/raw-grpc.ts";
import { EchoServer, errorCodes, maxLimitedBytes } from "../support/echo-server.ts";

const path = "/http.HTTP/HandleSimple";
const limitedPath = "/http.responsewriter.Writer/WriteHeader";
describe.each(["listen", "listenCoalesced"] as const)("%s:", (how) => {
  let server: EchoServer;

  beforeAll(async () => {
    server = await EchoServer.listen(how);
  });
  afterAll(() => server[Symbol.dispose]());

  function request(fields: { url?: string; method?: string; body?: Uint8Array }): Uint8Array {
    return frame(toBinary(HandleSimpleHTTPRequestSchema, create(HandleSimpleHTTPRequestSchema, fields)));
  }

  /** The next call is served, on a connection that is given or on a new one. */
  async function expectServed(caller?: RawCaller): Promise<void> {
    using own = new RawCaller(server.address);
    const body = new Uint8Array([1, 2, 3]);
    const answer = await (caller ?? own).call(path, [request({ body })]);
    expect(answer.trailers["grpc-status"]).toBe("0");
    expect(fromBinary(HandleSimpleHTTPResponseSchema, answer.body.subarray(5)).code).toBe(3);
  }

  /** What the server says to bytes that are not HTTP/2, until it hangs up. */
  function sendBytes(bytes: Uint8Array): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const port = Number(server.address.split(":")[1]);
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => {}); // a reset is an answer as well
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    return within("the server to hang up", promise);
  }

  describe("on the wire", () => {
    test("an answer is headers, one message, and trailers", async () => {
      using caller = new RawCaller(server.address);
      const { headers, body, trailers, resetCode } = await caller.call(path, [request({})]);
      expect(headers).toMatchObject({ ":status": 200, "content-type": "application/grpc" });
      expect(headers["grpc-status"]).toBeUndefined();
      expect(body).toEqual(Buffer.alloc(5));
      expect(trailers["grpc-status"]).toBe("0");
      expect(resetCode).toBe(0);
    });

    test("an error is trailers only, its text percent-encoded", async () => {
      using caller = new RawCaller(server.address);
      for (const code of errorCodes) {
        const answer = await caller.call(path, [request({ url: `fail ${code}`, method: "50 % ü\n" })]);
        expect(answer.headers).toMatchObject({
          ":status": 200,
          "content-type": "application/grpc",
          "grpc-status": String(code),
          "grpc-message": "50 %25 %C3%BC%0A",
        });
        expect(answer.body).toHaveLength(0);
      }
      await expectServed(caller);
    });

    test("a request may come in any pieces", async () => {
      using caller = new RawCaller(server.address);
      const whole = request({ body: new Uint8Array([1, 2, 3]) });
      const bytewise = await caller.call(
        path,
        [...whole].map((byte) => Uint8Array.of(byte)),
      );
      expect(fromBinary(HandleSimpleHTTPResponseSchema, bytewise.body.subarray(5)).code).toBe(3);
      const halves = await caller.call(path, [whole.subarray(0, 6), new Uint8Array(), whole.subarray(6)]);
      expect(halves.body).toEqual(bytewise.body);
    });

    test("content types of gRPC with a suffix or parameters are taken", async () => {
      using caller = new RawCaller(server.address);
      for (const type of ["application/grpc+proto", "application/grpc;charset=utf-8"]) {
        const { trailers } = await caller.call(path, [request({})], { "content-type": type });
        expect(trailers["grpc-status"]).toBe("0");
      }
    });
  });

  describe("refused, and the connection lives:", () => {
    const refusals: [string, string, Uint8Array[], Code][] = [
      ["an unknown service", "/vm.Nope/Version", [request({})], Code.Unimplemented],
      ["an unknown method", "/http.HTTP/Nope", [request({})], Code.Unimplemented],
      ["a path that is none", "/", [request({})], Code.Unimplemented],
      ["a path of a prototype", "/__proto__/constructor", [request({})], Code.Unimplemented],
      ["a compressed message", path, [frame(new Uint8Array(10), { flag: 1 })], Code.Unimplemented],
      ["no message", path, [], Code.InvalidArgument],
      ["half a prefix", path, [Uint8Array.of(0, 0)], Code.InvalidArgument],
      ["a truncated message", path, [frame(new Uint8Array(10), { length: 11 })], Code.InvalidArgument],
      ["bytes behind the message", path, [request({}), Uint8Array.of(0)], Code.InvalidArgument],
      ["two messages", path, [request({}), request({})], Code.InvalidArgument],
      ["a message that is no protobuf", path, [frame(Uint8Array.of(0xff, 0xff, 0xff))], Code.Internal],
      ["4 GiB announced", limitedPath, [frame(new Uint8Array(), { length: 2 ** 32 - 1 })], Code.ResourceExhausted],
      [
        "4 GiB announced, no limit given",
        path,
        [frame(new Uint8Array(), { length: 2 ** 32 - 1 })],
        Code.ResourceExhausted,
      ],
    ];
    test.each(refusals)("%s", async (_name, to, chunks, code) => {
      using caller = new RawCaller(server.address);
      const { headers } = await caller.call(to, chunks);
      expect(headers["grpc-status"]).toBe(String(code));
      await expectServed(caller);
    });

    test("a content type that is not gRPC's: HTTP status 415", async () => {
      using caller = new RawCaller(server.address);
      for (const type of ["application/json", "", "text/html"]) {
        const { headers } = await caller.call(path, [request({})], { "content-type": type });
        expect(headers).toMatchObject({ ":status": 415 });
      }
      await expectServed(caller);
    });
  });

  describe("a request above its limit", () => {
    test("is refused by its prefix: the answer comes before the message", async () => {
      using caller = new RawCaller(server.address);
      const stream = caller.open(limitedPath);
      stream.write(frame(new Uint8Array(), { length: maxLimitedBytes + 1 }));
      const { headers } = await answerOn(stream); // nothing more was written
      expect(headers["grpc-status"]).toBe(String(Code.ResourceExhausted));
      await expectServed(caller);
    });

    test("of exactly the limit is taken", async () => {
      using caller = new RawCaller(server.address);
      const { headers } = await caller.call(limitedPath, [frame(new Uint8Array(maxLimitedBytes))]);
      expect(headers["grpc-status"]).not.toBe(String(Code.ResourceExhausted));
    });

    test("has a limit where none is given: 128 MiB", async () => {
      expect(defaultMaxRequestBytes).toBe(128 * 1024 * 1024);
      using caller = new RawCaller(server.address);
      const stream = caller.open(path);
      stream.write(frame(new Uint8Array(), { length: defaultMaxRequestBytes + 1 }));
      expect((await answerOn(stream)).headers["grpc-status"]).toBe(String(Code.ResourceExhausted));
    });

    test("is answered with the service's reply, whole, before the message", async () => {
      using caller = new RawCaller(server.address);
      const stream = caller.open("/http.responsewriter.Writer/Write");
      stream.write(frame(toBinary(WriteRequestSchema, create(WriteRequestSchema)), { length: 2 ** 31 }));
      const { body, trailers } = await answerOn(stream);
      expect(trailers["grpc-status"]).toBe("0");
      expect(fromBinary(WriteResponseSchema, body.subarray(5)).written).toBe(-1);
      await expectServed(caller);
    });

    test("cannot hide behind a small prefix: more than was announced is refused at once", async () => {
      using caller = new RawCaller(server.address);
      const stream = caller.open(path);
      stream.write(Buffer.concat([request({}), new Uint8Array(100)]));
      const { headers } = await answerOn(stream); // its end was never sent
      expect(headers["grpc-status"]).toBe(String(Code.InvalidArgument));
      await expectServed(caller);
    });
  });

  describe("grpc-timeout", () => {
    test.each(["1m", "1000u", "1n", "0S", "00000001m"])("%s: DEADLINE_EXCEEDED", async (timeout) => {
      using caller = new RawCaller(server.address);
      const { headers } = await caller.call(path, [request({ url: "wait" })], { "grpc-timeout": timeout });
      expect(headers["grpc-status"]).toBe(String(Code.DeadlineExceeded));
    });

    test.each(["99999999H", "5M", "60S"])("%s: answered in time", async (timeout) => {
      using caller = new RawCaller(server.address);
      const { trailers } = await caller.call(path, [request({})], { "grpc-timeout": timeout });
      expect(trailers["grpc-status"]).toBe("0");
    });

    test("a deadline passes while the request still comes", async () => {
      using caller = new RawCaller(server.address);
      const stream = caller.open(path, { "grpc-timeout": "20m" });
      stream.write(frame(new Uint8Array(10), { length: 1_000 }));
      expect((await answerOn(stream)).headers["grpc-status"]).toBe(String(Code.DeadlineExceeded));
    });
  });

  describe("the server survives", () => {
    test("5,000 cancelled calls on one connection", async () => {
      using server = await EchoServer.listen(how);
      using caller = new RawCaller(server.address);
      const batch = 250;
      for (let done = 0; done < 5_000; done += batch) {
        const streams = Array.from({ length: batch }, () => caller.open(path));
        for (const stream of streams) stream.end(request({ url: "wait" }));
        await within("the calls to run", server.until(batch, done));
        for (const stream of streams) stream.close(http2.constants.NGHTTP2_CANCEL);
        await within("the calls to be aborted", server.until(0, done + batch));
      }
      const { trailers } = await caller.call(path, [request({})]);
      expect(trailers["grpc-status"]).toBe("0");
    });

    test("resets in the middle of uploads", async () => {
      using caller = new RawCaller(server.address);
      const closed = Array.from({ length: 100 }, (_, i) => {
        const stream = caller.open(path);
        stream.write(frame(new Uint8Array(10_000), { length: 20_000 }));
        stream.close(i % 2 === 0 ? http2.constants.NGHTTP2_CANCEL : http2.constants.NGHTTP2_INTERNAL_ERROR);
        return answerOn(stream);
      });
      await Promise.all(closed);
      await expectServed(caller);
    });

    test("connections that are cut in the middle of calls", async () => {
      for (let i = 0; i < 20; i++) {
        const caller = new RawCaller(server.address);
        const stream = caller.open(path);
        stream.write(frame(new Uint8Array(100_000), { length: 200_000 }));
        await within("the connection", new Promise<void>((resolve) => caller.session.ping(() => resolve())));
        caller.session.destroy();
      }
      await expectServed();
    });

    test("a client that pings and one that says nothing", async () => {
      using silent = new RawCaller(server.address);
      using caller = new RawCaller(server.address);
      for (let i = 0; i < 50; i++) {
        await within("the answer to a ping", new Promise<void>((resolve) => caller.session.ping(() => resolve())));
      }
      await expectServed(caller);
      await expectServed(silent);
    });
  });

  describe("the server hangs up on", () => {
    const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const garbage: [string, Uint8Array][] = [
      ["HTTP/1.1", Buffer.from("POST /vm.VM/Shutdown HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")],
      [
        "a WebSocket's upgrade",
        Buffer.from("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
      ],
      ["random bytes", new Uint8Array(10_000).map((_, i) => (i * 7919) % 251)],
      ["garbage behind the preface", Buffer.concat([preface, new Uint8Array(1_000).fill(0xee)])],
      ["a frame larger than allowed", Buffer.concat([preface, Uint8Array.of(0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1)])],
      [
        "headers that cannot be decoded",
        Buffer.concat([preface, settings(), Uint8Array.of(0, 0, 1, 1, 4, 0, 0, 0, 1, 0xff)]),
      ],
    ];
    test.each(garbage)("%s", async (name, bytes) => {
      const said = await sendBytes(bytes);
      expect(said).not.toContain("200");
      if (name === "HTTP/1.1") expect(said).not.toContain("grpc");
      await expectServed();
    });
  });

  /** An empty SETTINGS frame. */
  function settings(): Uint8Array {
    return Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0);
  }
});
