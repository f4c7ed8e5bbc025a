import { describe, expect, test } from "bun:test";
import { Code } from "@connectrpc/connect";
import { HTTP } from "../../gen/http/http_pb.ts";
import { Writer } from "../../gen/http/responsewriter/responsewriter_pb.ts";
import { VM } from "../../gen/vm/vm_pb.ts";
import { GrpcChannel } from "../fake-node/grpc-peer.ts";
import { EchoServer, errorCodes, maxLimitedBytes } from "../support/echo-server.ts";
import { patternOf } from "../support/pattern.ts";
import { errorOf, statusOf } from "../support/status.ts";

const mebibyte = 1024 * 1024;

describe.each(["listen", "listenCoalesced"] as const)("%s:", (how) => {
  describe("a Connect client is answered", () => {
    test("an empty message with an empty message", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      expect(await channel.client(HTTP).handleSimple({})).toMatchObject({ code: 0, headers: [] });
      expect(await channel.client(HTTP).handle({})).toMatchObject({ header: [] });
    });

    test("messages of all sizes up to 64 MiB, byte for byte", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      const client = channel.client(HTTP);
      for (const size of [1, 16_379, 16_384, 65_535, 65_536, mebibyte, 64 * mebibyte]) {
        const body = patternOf(size);
        const reply = await client.handleSimple({ body });
        expect(reply.code).toBe(size);
        expect(Buffer.compare(reply.body, body)).toBe(0);
      }
    });

    test("many large messages at once", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      const body = patternOf(4 * mebibyte);
      const replies = await Promise.all(Array.from({ length: 16 }, () => channel.client(HTTP).handleSimple({ body })));
      for (const reply of replies) expect(Buffer.compare(reply.body, body)).toBe(0);
    });

    test("1,000 calls that are open at once", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      const client = channel.client(HTTP);
      const calls = Array.from({ length: 1_000 }, (_, i) => client.handleSimple({ url: "wait", body: patternOf(i) }));
      await server.until(1_000, 0);
      expect(await client.handleSimple({ body: patternOf(3) })).toMatchObject({ code: 3 }); // others pass them
      server.release();
      expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(calls.map((_, i) => i));
    });
  });

  describe("an error reaches a Connect client", () => {
    const text = "größer als 100 % — 時刻\n\t\u0000 +/?";

    test("with each of the 16 codes and its text", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      expect(errorCodes).toHaveLength(16);
      for (const code of errorCodes) {
        const error = await errorOf(channel.client(HTTP).handleSimple({ url: `fail ${code}`, method: text }));
        expect(error).toMatchObject({ code, rawMessage: text });
      }
    });

    test("cut when it is long, inside no character, and the connection lives", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      const client = channel.client(HTTP);
      for (const long of ["x".repeat(100_000), "時".repeat(100_000), "🕰".repeat(100_000), `x${"🕰".repeat(100_000)}`]) {
        const { rawMessage } = await errorOf(client.handleSimple({ url: "fail 2", method: long }));
        expect(rawMessage.length).toBeWithin(1_000, 10_000);
        expect(rawMessage.isWellFormed()).toBe(true);
      }
    });

    test("as INTERNAL with its text when it is a bug, which is logged with its place", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      const error = await errorOf(channel.client(HTTP).handleSimple({ url: "bug", method: "x is undefined" }));
      expect(error).toMatchObject({ code: Code.Internal, rawMessage: "internal error: TypeError: x is undefined" });
      expect(server.logged.join()).toContain("echo-server.ts");
    });

    test("as UNIMPLEMENTED for a service that is not served", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      expect(await errorOf(channel.client(VM).version({}))).toMatchObject({
        code: Code.Unimplemented,
        rawMessage: "/vm.VM/Version is not served here",
      });
    });
  });

  describe("a call ends early", () => {
    test("at its deadline, with DEADLINE_EXCEEDED, and its signal is aborted", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      // The client itself would wait for ever: no race of two timers.
      const call = channel.client(HTTP).handleSimple({ url: "wait" }, { headers: { "grpc-timeout": "50m" } });
      expect((await errorOf(call)).code).toBe(Code.DeadlineExceeded);
      await server.until(0, 1);
    });

    test("when the client cancels, and its signal is aborted", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      const canceler = new AbortController();
      const call = statusOf(channel.client(HTTP).handleSimple({ url: "wait" }, { signal: canceler.signal }));
      await server.until(1, 0);
      canceler.abort();
      expect(await call).toBe("Canceled");
      await server.until(0, 1);
      expect(server.aborted[0]).toMatchObject({ code: Code.Canceled });
    });

    test("when the client's connection is lost, and every signal is aborted", async () => {
      using server = await EchoServer.listen(how);
      const channel = new GrpcChannel(server.address);
      const calls = Array.from({ length: 20 }, () => statusOf(channel.client(HTTP).handleSimple({ url: "wait" })));
      await server.until(20, 0);
      channel[Symbol.dispose]();
      await server.until(0, 20);
      await Promise.all(calls);
    });

    test("never by itself: the signal of a call that was answered stays quiet", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      const call = channel.client(HTTP).handleSimple({ url: "wait" });
      await server.until(1, 0);
      server.release();
      await call;
      await channel.client(HTTP).handleSimple({});
      expect(server.aborted).toEqual([]);
    });
  });

  describe("a request above its limit", () => {
    const large = { payload: new Uint8Array(maxLimitedBytes) }; // and its own tag and length

    test("is answered as the service says", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      const client = channel.client(Writer);
      expect(await client.write(large)).toMatchObject({ written: -1 });
      expect(await client.write({ payload: new Uint8Array(maxLimitedBytes - 3) })).toMatchObject({ written: 997 });
      expect(await client.write({ payload: new Uint8Array(32 * mebibyte) })).toMatchObject({ written: -1 });
    });

    test("is RESOURCE_EXHAUSTED where the service says nothing", async () => {
      using server = await EchoServer.listen(how);
      using channel = new GrpcChannel(server.address);
      const error = await errorOf(
        channel.client(Writer).writeHeader({ headers: [{ key: "x".repeat(maxLimitedBytes), values: [] }] }),
      );
      expect(error).toMatchObject({
        code: Code.ResourceExhausted,
        rawMessage: `a request has at most ${maxLimitedBytes} bytes`,
      });
    });
  });
});
