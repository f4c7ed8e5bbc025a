import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { digestPattern, digestProblem, maxDigestLength, parseDigest } from "../../src/core/digest-text.ts";

// FIPS 180-2, appendix B.1: the SHA-256 of "abc".
const hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const upper = hex.toUpperCase();
/** As `printf abc | openssl dgst -sha256 -binary | base64` prints it. */
const base64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

describe("a SHA-256 as tools print it is read:", () => {
  test.each([
    ["sha256sum, alone", hex],
    ["Get-FileHash and certutil", upper],
    ["a program in C or Solidity", `0x${hex}`],
    ["one that shouts", `0X${upper}`],
    ["OCI, sigstore and GitHub", `sha256:${hex}`],
    ["the name of a blob", `sha256-${hex}`],
    ["in capitals", `SHA256:${upper}`],
    ["sha256sum of a file", `${hex}  my file.txt`],
    ["sha256sum --binary, shasum and openssl -r", `${hex} *my file.txt`],
    ["sha256sum of standard input", `${hex}  -`],
    ["sha256sum of a file whose name has a line break", `\\${hex}  a\\nb`],
    ["sha256sum --tag, and BSD's sha256", `SHA256 (my (new) file.txt) = ${hex}`],
    ["openssl 1", `SHA256(file)= ${hex}`],
    ["openssl 3", `SHA2-256(stdin)= ${hex}`],
    ["base64", base64],
    ["subresource integrity", `sha256-${base64}`],
    ["with white space around", `\t ${hex}  file.txt\r\n`],
    ["with a line break at the end", `${base64}\n`],
  ])("%s", (_tool, text) => {
    expect(parseDigest(text) as string | undefined).toBe(hex);
  });

  test("base64 that begins like hex is base64", () => {
    const text = "0x0000000000000000000000000000000000000000A=";
    expect(parseDigest(text) as string | undefined).toBe(Buffer.from(text, "base64").toString("hex"));
  });
});

describe("what is no SHA-256 is refused, with the reason:", () => {
  const sum = (algorithm: string, encoding: "hex" | "base64" = "hex") =>
    createHash(algorithm).update("abc").digest(encoding);
  test.each([
    ["nothing", "", "give 64 hex digits"],
    ["a word", "report.pdf", "give 64 hex digits"],
    ["one digit less", hex.slice(1), "63 hex digits, not 64"],
    ["one digit more", `${hex}0`, "65 hex digits, not 64"],
    ["a digit that is none", `${hex.slice(1)}g`, "48 bytes in base64, not 32"],
    ["an MD5", sum("md5"), "32 hex digits, as MD5 has, not 64"],
    ["a SHA-1", `0x${sum("sha1")}`, "40 hex digits, as SHA-1 has, not 64"],
    ["a line of sha1sum", `${sum("sha1")}  file`, "40 hex digits, as SHA-1 has, not 64"],
    ["a SHA-512", sum("sha512"), "128 hex digits, as SHA-512 has, not 64"],
    ["a SHA-512 in base64", sum("sha512", "base64"), "64 bytes in base64, not 32"],
    ["another hash by name", `sha512:${sum("sha512")}`, "it names another hash, sha512"],
    ["another hash of 32 bytes", `sha3-256:${hex}`, "it names another hash, sha3"],
    ["another integrity", `sha384-${sum("sha384", "base64")}`, "it names another hash, sha384"],
    ["a tagged line of another hash", `BLAKE2b (file) = ${hex}`, "it names another hash, BLAKE2b"],
    ["two lines", `${hex}  a\n${hex}  b`, "more than one line"],
    ["base64 without its padding", base64.slice(0, -1), "give 64 hex digits"],
    ["base64 that is not canonical", `${base64.slice(0, -2)}1=`, "give 64 hex digits"],
    ["digits with a gap", `${hex.slice(0, 32)} ${hex.slice(32)}`, "32 hex digits, as MD5 has, not 64"],
    ["two prefixes", `sha256:0x${hex}`, "give 64 hex digits"],
  ])("%s", (_what, text, reason) => {
    expect(parseDigest(text)).toBeUndefined();
    expect(digestProblem(text)).toStartWith("not a SHA-256: ");
    expect(digestProblem(text)).toContain(reason);
  });

  test("a line that is too long, and no longer one is read", () => {
    const longest = `${hex}  `.padEnd(maxDigestLength, "x");
    expect(parseDigest(longest) as string | undefined).toBe(hex);
    expect(parseDigest(`${longest}x`)).toBeUndefined();
  });
});

test("the pattern is one of JSON Schema's dialect, which has the flag u", () => {
  const pattern = new RegExp(digestPattern.source, "u");
  for (const text of [hex, `0x${hex}`, `${hex}  a`, base64, `SHA256 (a) = ${hex}`]) expect(text).toMatch(pattern);
  for (const text of ["", `${hex}0`, `${base64}=`]) expect(text).not.toMatch(pattern);
});
