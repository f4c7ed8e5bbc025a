import { describe, expect, test } from "bun:test";
import { sha256 as browserSha256 } from "@noble/hashes/sha2.js";
import { sha256, startSha256 } from "../../src/avalanche/sha256.ts";

/** FIPS 180-2, B.1 to B.3, and the hash of nothing. */
const examples = [
  ["nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "448 bits",
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["a million", "a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
] as const;

describe.each(examples)("%s", (_name, text, digest) => {
  const bytes = new TextEncoder().encode(text);

  test("has its SHA-256, here and in browsers", () => {
    expect(sha256(bytes).toHex()).toBe(digest);
    expect(browserSha256(bytes).toHex()).toBe(digest);
  });

  test.each([1, 7, 64, 65_537])("has it in pieces of %i bytes", (length) => {
    const hash = startSha256();
    for (let start = 0; start < bytes.length; start += length) hash.update(bytes.subarray(start, start + length));
    expect(hash.digest().toHex()).toBe(digest);
  });
});

test.each(["proof/block-proof.ts", "client/client.ts"])("%s needs nothing that browsers do not have", async (file) => {
  const entrypoints = [`${import.meta.dir}/../../src/${file}`];
  const { outputs } = await Bun.build({ entrypoints, target: "browser", external: ["node:*"] });
  const [output] = outputs;
  const imports = new Bun.Transpiler({ loader: "js" }).scanImports((await output?.text()) ?? "");
  expect(outputs).toHaveLength(1);
  expect(imports).toEqual([]);
});
