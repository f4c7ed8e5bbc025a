import { describe, expect, spyOn, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { hashChunks } from "../../src/cli/read-source.ts";
import { escapeJson, escapeUnprintable, isPrintable } from "../../src/core/printable.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { FakeServer, run, sha256 } from "./node-support.ts";

describe("the digest of data", () => {
  test("is the same however the data comes in pieces", () => {
    const places = fc.array(fc.nat(2_000), { maxLength: 20 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), places, (data, cuts) => {
        const ends = [...cuts.map((cut) => Math.min(cut, data.length)), data.length].sort((a, b) => a - b);
        const { digest, bytes } = hashChunks(overwritten(ends.map((end, i) => data.subarray(ends[i - 1] ?? 0, end))));
        expect([digest as string, bytes]).toEqual([sha256(data), data.length]);
      }),
    );
  });

  test.each([
    ["nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ])("of %s is that of FIPS 180-2", (_name, text, digest) => {
    expect(hashChunks([new TextEncoder().encode(text)]).digest as string).toBe(digest);
  });

  /** Chunks that are only good until the next one, as those that are read from files. */
  function* overwritten(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
    const buffer = new Uint8Array(2_000);
    for (const chunk of chunks) {
      buffer.set(chunk);
      yield buffer.subarray(0, chunk.length);
      buffer.fill(0xaa);
    }
  }
});

describe("a file of many chunks", () => {
  const content = Uint8Array.from({ length: 1_000_003 }, (_, i) => i % 251);

  test.each([[["find"]], [["stamp", "--no-wait"]]])(
    "is hashed as a whole by %j, and a person sees how far it is",
    async (command) => {
      using directory = temporaryDirectory();
      using server = new FakeServer((method) =>
        method === "find" ? { blocks: [] } : { id: "0x00", status: "unknown" },
      );
      writeFileSync(directory.file("data"), content);
      let ms = 0;
      const now = spyOn(performance, "now").mockImplementation(() => (ms += 1_500));
      try {
        const { err } = await server.run([...command, directory.file("data")], { isWatched: true });
        expect(server.asked[0]?.params.digest).toBe(sha256(content));
        expect(err.replaceAll(/, about \d+ s left/g, "")).toStartWith(
          [262_144, 524_288, 786_432, 1_000_003]
            .map((bytes) => `\r\u001b[K${bytes.toLocaleString("en-US")} of 1,000,003 bytes`)
            .join(""),
        );
      } finally {
        now.mockRestore();
      }
    },
  );

  test("goes on the chain with all its chunks", async () => {
    using directory = temporaryDirectory();
    const id = `0x${sha256(content.subarray(0, 999_999))}`;
    using server = new FakeServer((method) => (method === "find" ? { blocks: [] } : { id, status: "unknown" }));
    writeFileSync(directory.file("data"), content.subarray(0, 999_999));
    await server.run(["stamp", "--no-wait", "--data", directory.file("data")]);
    expect(server.asked[1]?.params.data === `0x${content.subarray(0, 999_999).toHex()}`).toBeTrue();
  });
});

describe("the name of a file", () => {
  test("is reported where it cannot be read", async () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.file("directory"));
    const before = process.cwd();
    process.chdir(directory.path);
    try {
      const { code, err } = await run(["stamp", "directory"]);
      expect([code, err]).toEqual([1, "error: directory: it is a directory\n"]);
    } finally {
      process.chdir(before);
    }
  });

  test("is one line that a terminal only shows", async () => {
    using directory = temporaryDirectory();
    using server = new FakeServer((method) =>
      method === "find" ? { blocks: [] } : { id: `0x${sha256("x")}`, status: "pending" },
    );
    const path = directory.file("a\u001b]0;root\u0007\nstamped  1970-01-01T00:00:00Z");
    writeFileSync(path, "x");
    const { code, out } = await server.run(["stamp", "--data", "--no-wait", path]);
    const [first, second] = out.split("\n");
    expect(code).toBe(0);
    expect(first).toEndWith("a\\u001b]0;root\\u0007\\u000astamped  1970-01-01T00:00:00Z, 1 byte");
    expect(second).toStartWith("SHA-256  ");
  });
});

test("text that was escaped is printable, and printable text stays as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = escapeUnprintable(text);
      expect(isPrintable(escaped)).toBeTrue();
      if (isPrintable(text)) expect(escaped).toBe(text);
    }),
  );
  expect(escapeUnprintable("a\u001b[2J\u{e0041}\r\n\tb\rc")).toBe("a\\u001b[2J\\u{e0041}\r\n\tb\\u000dc");
});

test("JSON that was escaped is printable, and means the same", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = escapeJson(JSON.stringify(text));
      expect([isPrintable(escaped), JSON.parse(escaped)]).toEqual([true, text]);
    }),
  );
});
