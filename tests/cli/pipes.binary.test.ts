import { describe, expect, test } from "bun:test";
import { closeSync, constants, openSync, readFileSync, writeFileSync } from "node:fs";
import { readLines } from "../../src/cli/db/read-lines.ts";
import { writeAll } from "../../src/cli/terminal/write-all.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { FakeServer, sha256 } from "./node-support.ts";

function makePipe(path: string): string {
  expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
  return path;
}

describe("through a pipe that does not block", () => {
  const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

  test("everything is written, however slowly it is read", async () => {
    using directory = temporaryDirectory();
    const pipe = makePipe(directory.file("pipe"));
    const hold = openSync(pipe, O_RDWR | O_NONBLOCK); // as long as the reader comes
    const fileDescriptor = openSync(pipe, O_WRONLY | O_NONBLOCK);
    const readLate = 'sleep 0.5; exec cat "$0" > "$1"'; // the pipe is full long before
    const reader = Bun.spawn(["sh", "-c", readLate, pipe, directory.file("read")]);
    const text = "0123456789é".repeat(300_000);
    writeAll(fileDescriptor, text);
    closeSync(fileDescriptor);
    closeSync(hold);
    expect(await reader.exited).toBe(0);
    expect(readFileSync(directory.file("read"), "utf8") === text).toBeTrue();
  });

  test("everything is read, however slowly it is written", async () => {
    using directory = temporaryDirectory();
    const pipe = makePipe(directory.file("pipe"));
    const fileDescriptor = openSync(pipe, O_RDONLY | O_NONBLOCK);
    const hold = openSync(pipe, O_WRONLY | O_NONBLOCK); // as long as the writer comes
    const writer = Bun.spawn(["sh", "-c", 'exec > "$0"; echo first; sleep 0.1; echo second', pipe]);
    const lines = readLines(fileDescriptor);
    expect(lines.next().value).toBe("first");
    closeSync(hold);
    expect([...lines]).toEqual(["second"]);
    expect(await writer.exited).toBe(0);
    closeSync(fileDescriptor);
  });
});

test("data is stamped as well where nobody says how much it is: from a pipe", async () => {
  using directory = temporaryDirectory();
  const content = Uint8Array.from({ length: 999_999 }, (_, i) => i % 251);
  using server = new FakeServer((method) =>
    method === "find" ? { blocks: [] } : { id: `0x${sha256(content)}`, status: "unknown" },
  );
  const [path, pipe] = [directory.file("data"), makePipe(directory.file("pipe"))];
  writeFileSync(path, content);
  const writer = Bun.spawn(["sh", "-c", 'cat "$0" > "$1"', path, pipe]);
  await server.run(["stamp", "--data", "--no-wait", pipe]);
  expect(await writer.exited).toBe(0);
  expect(server.asked[1]?.params.data === `0x${content.toHex()}`).toBeTrue();
});
