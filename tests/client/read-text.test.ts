import { expect, test } from "bun:test";
import { createClient } from "../../src/client/client.ts";
import { maxAnswerBytes } from "../../src/client/limits.ts";
import { NoAnswerError } from "../../src/client/no-answer.ts";
import { readText } from "../../src/client/read-text.ts";
import { reasonOf } from "../support/promise.ts";

/** A body that comes in these pieces. */
function bodyOf(...pieces: readonly Uint8Array[]): Response {
  const left = [...pieces];
  return new Response(
    new ReadableStream({
      pull: (stream) => {
        const piece = left.shift();
        if (piece === undefined) stream.close();
        else stream.enqueue(piece);
      },
    }),
  );
}

test("a body is read as UTF-8, wherever it is cut", async () => {
  const bytes = new TextEncoder().encode("é€𝄞");
  const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
  expect(await readText(bodyOf(...pieces), 9)).toBe("é€𝄞");
  expect(await readText(bodyOf(bytes.slice(0, 1)), 9)).toBe("\ufffd");
  expect(await readText(new Response(null), 0)).toBe("");
});

test("a body of one byte more than may be is not read", async () => {
  const pieces = [new Uint8Array(3), new Uint8Array(2)];
  expect(await readText(bodyOf(...pieces), 5)).toBe("\0".repeat(5));
  expect(await readText(bodyOf(...pieces), 4)).toBeUndefined();
});

test.each([200, 500])("a server that sends blanks for ever, with status %d, is left", async (status) => {
  const left = Promise.withResolvers<void>();
  const blanks = new Uint8Array(1024 * 1024).fill(0x20);
  const body = () =>
    new ReadableStream(
      { pull: (stream) => stream.enqueue(blanks), cancel: () => left.resolve() },
      { highWaterMark: 0 },
    );
  using server = serve(() => new Response(body(), { status }));
  const reason = await reasonOf(createClient(server.url)("lastAccepted", undefined));
  expect(reason).toBeInstanceOf(NoAnswerError);
  expect(reason).toMatchObject(
    status === 200
      ? { refusal: { code: "no json-rpc" }, message: `${server.url} answers with more than 67,108,864 bytes` }
      : { refusal: { code: "http status", status, text: "" } },
  );
  await left.promise;
});

test("an answer may have so many bytes", async () => {
  const answer = '{"jsonrpc":"2.0","id":1,"result":null}';
  using server = serve(() => new Response(answer.padEnd(maxAnswerBytes)));
  expect(await createClient(server.url)("lastAccepted", undefined)).toBeNull();
});

function serve(fetch: () => Response): Disposable & { readonly url: string } {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
  return { url: server.url.href, [Symbol.dispose]: () => void server.stop(true) };
}
