import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { fileSha256 } from "../../src/explorer/browser/file-sha256.ts";

const { subtle } = crypto;
/** The largest that is read whole here. */
const maxWholeBytes = 100_000;

function fileOf(size: number): Blob {
  return new Blob([Buffer.alloc(size, "0123456789abcdefg")]);
}

async function sha256Of(file: Blob): Promise<string> {
  return createHash("sha256")
    .update(await file.bytes())
    .digest("hex");
}

describe.each([
  ["with the browser's own hash", subtle],
  ["without it, as on pages that came without HTTPS", undefined],
])("the SHA-256 of a file, %s,", (_how, subtle) => {
  test.each([0, 1, 55, 56, 63, 64, 65, maxWholeBytes - 1, maxWholeBytes, maxWholeBytes + 1, 5_000_001])(
    "is right for %i bytes",
    async (size) => {
      const file = fileOf(size);
      expect(await fileSha256(file, { subtle, maxWholeBytes }, () => {})).toBe(await sha256Of(file));
    },
  );
});

test("a file is read whole up to the limit, and as a stream above it, which reports all of its bytes", async () => {
  const lengths: number[] = [];
  const spied: Pick<SubtleCrypto, "digest"> = {
    digest: (algorithm, data) => {
      lengths.push(data.byteLength);
      return subtle.digest(algorithm, data);
    },
  };
  const reports: number[] = [];
  for (const size of [maxWholeBytes, maxWholeBytes + 1]) {
    await fileSha256(fileOf(size), { subtle: spied, maxWholeBytes }, (bytes) => reports.push(bytes));
  }
  expect(lengths).toEqual([maxWholeBytes]);
  expect(reports.at(-1)).toBe(maxWholeBytes + 1);
  expect(reports).toEqual(reports.toSorted((a, b) => a - b));
});
