import { describe, expect, test } from "bun:test";
import * as http2 from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { HTTP } from "../../gen/http/http_pb.ts";
import { VM } from "../../gen/vm/vm_pb.ts";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { frame } from "../fake-node/raw-grpc.ts";
import { errorCodes } from "../support/echo-server.ts";
import { patternOf } from "../support/pattern.ts";
import { errorOf } from "../support/status.ts";

const echo = HTTP.method.handleSimple;
const mebibyte = 1024 * 1024;

/** Echoes bodies by Connect's server; fails with the code in the url, and the text in the method. */
function listenEcho(wait: Promise<unknown> = Promise.resolve()): Promise<GrpcPeer> {
  return GrpcPeer.listen((router) => {
    router.service(HTTP, {
      handleSimple: async ({ url, method, body }) => {
        await wait;
        if (url !== "") throw new ConnectError(method, Number(url) as Code);
        return { code: body.length, body };
      },
    });
  });
}

/** Runs `work` with a client, and closes it. */
async function withClient(address: string, work: (client: GrpcClient) => Promise<void>): Promise<void> {
  const client = new GrpcClient(address);
  try {
    await work(client);
  } finally {
    client.close();
  }
}

/** Runs `work` with a client of a server that answers each stream as `answer` does. */
async function withServer(
  answer: (stream: http2.ServerHttp2Stream) => void,
  work: (client: GrpcClient) => Promise<void>,
): Promise<void> {
  const server = http2.createServer();
  const sessions: http2.Http2Session[] = [];
  server.on("session", (session) => sessions.push(session));
  server.on("sessionError", () => {});
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    answer(stream as http2.ServerHttp2Stream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    await withClient(`127.0.0.1:${port}`, work);
  } finally {
    for (const session of sessions) session.destroy();
    server.close();
  }
}

describe("a call", () => {
  test("of any size up to 64 MiB comes back, byte for byte", async () => {
    await using server = await listenEcho();
    await withClient(server.address, async (client) => {
      for (const size of [0, 1, 16_379, 65_536, mebibyte, 64 * mebibyte]) {
        const body = patternOf(size);
        const reply = await client.call(echo, { body });
        expect(reply.code).toBe(size);
        expect(Buffer.compare(reply.body, body)).toBe(0);
      }
    });
  });

  test("may be one of 1,000 at once", async () => {
    await using server = await listenEcho();
    await withClient(server.address, async (client) => {
      const calls = Array.from({ length: 1_000 }, (_, i) => client.call(echo, { body: new Uint8Array(i) }));
      expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(calls.map((_, i) => i));
    });
  });

  test("fails with the server's code and text", async () => {
    await using server = await listenEcho();
    await withClient(server.address, async (client) => {
      for (const code of errorCodes) {
        const text = "größer als 100 %\n";
        expect(await errorOf(client.call(echo, { url: String(code), method: text }))).toMatchObject({
          code,
          rawMessage: text,
        });
      }
    });
  });

  test("fails as UNIMPLEMENTED when the server does not know it", async () => {
    await using server = await listenEcho();
    await withClient(server.address, async (client) => {
      expect((await errorOf(client.call(VM.method.version, {}))).code).not.toBe(Code.Internal);
      expect(await client.call(echo, {})).toMatchObject({ code: 0 });
    });
  });

  test("fails at its deadline, and the next one is served", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using server = await listenEcho(promise);
    await withClient(server.address, async (client) => {
      expect(await errorOf(client.call(echo, {}, 30))).toMatchObject({ code: Code.DeadlineExceeded });
      resolve();
      expect(await client.call(echo, {}, 30_000)).toMatchObject({ code: 0 });
    });
  });
});

describe("a connection", () => {
  test("that cannot be made is UNAVAILABLE", async () => {
    for (const address of ["127.0.0.1:1", "no address"]) {
      const client = new GrpcClient(address.replace(" ", "-"));
      expect((await errorOf(client.call(echo, {}))).code).toBe(Code.Unavailable);
      client.close();
    }
  });

  test("that is lost fails the call on it as UNAVAILABLE, and is made again for the next", async () => {
    let calls = 0;
    const answer = (stream: http2.ServerHttp2Stream) => {
      calls++;
      if (calls === 1) return stream.session?.destroy();
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      return stream.end(frame(new Uint8Array()));
    };
    await withServer(answer, async (client) => {
      expect((await errorOf(client.call(echo, {}))).code).toBe(Code.Unavailable);
      expect(await client.call(echo, {})).toMatchObject({ code: 0 });
    });
  });

  test("that the server winds down (GOAWAY) serves the calls on it, and is made again for the next", async () => {
    const answer = (stream: http2.ServerHttp2Stream) => {
      stream.session?.goaway(0);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(frame(new Uint8Array()));
    };
    await withServer(answer, async (client) => {
      for (let i = 0; i < 5; i++) expect(await client.call(echo, {})).toMatchObject({ code: 0 });
    });
  });
});

describe("an answer that is none", () => {
  const grpc = { ":status": 200, "content-type": "application/grpc" };
  /** Headers, a body, and a status in the trailers. */
  function answerWith(body: Uint8Array, status = "0") {
    return (stream: http2.ServerHttp2Stream) => {
      stream.respond(grpc, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
      stream.end(body);
    };
  }

  /** Headers and a message, and then no trailers. */
  function answerWithout(headers: http2.OutgoingHttpHeaders) {
    return (stream: http2.ServerHttp2Stream) => {
      stream.respond(headers);
      stream.end(frame(new Uint8Array()));
    };
  }

  test.each<[string, (stream: http2.ServerHttp2Stream) => void, Code]>([
    ["no message", answerWith(new Uint8Array()), Code.Internal],
    ["half a prefix", answerWith(new Uint8Array(3)), Code.Internal],
    ["a truncated message", answerWith(frame(new Uint8Array(10), { length: 20 })), Code.Internal],
    ["bytes behind the message", answerWith(Buffer.concat([frame(new Uint8Array()), Uint8Array.of(0)])), Code.Internal],
    ["an error behind a message", answerWith(frame(new Uint8Array()), "8"), Code.ResourceExhausted],
    ["no status", answerWithout(grpc), Code.Unavailable],
    ["a web server's", answerWithout({ ":status": 502 }), Code.Unavailable],
    ["a reset", (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), Code.Unavailable],
    ["a refusal", (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM), Code.Unavailable],
    [
      "a text that is not percent-encoded",
      (stream) => stream.respond({ ...grpc, "grpc-status": "14", "grpc-message": "100%" }, { endStream: true }),
      Code.Unavailable,
    ],
  ])("%s: an error, no wait", async (_name, answer, code) => {
    await withServer(answer, async (client) => {
      const error = await errorOf(client.call(echo, { body: new Uint8Array(10) }));
      expect(error.code).toBe(code);
      expect(error.rawMessage).not.toBe("");
    });
  });
});
