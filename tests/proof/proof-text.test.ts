import { describe, expect, test } from "bun:test";
import { decodeProof, proofIn } from "../../src/proof/proof-text.ts";
import { refusalOf } from "../support/refusal.ts";

const json = '{"é":"😀"}';
/** The other order of bytes. */
const swapped = (text: string) => Buffer.from(text, "utf16le").swap16();

describe("the bytes of a proof", () => {
  test.each([
    ["UTF-8", Buffer.from(json)],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${json}`)],
    ["UTF-16 with a mark, as of PowerShell 5", Buffer.from(`\ufeff${json}`, "utf16le")],
    ["UTF-16 without a mark", Buffer.from(json, "utf16le")],
    ["UTF-16 in the order of networks", swapped(`\ufeff${json}`)],
    ["the same without a mark", swapped(json)],
  ])("are %s", (_encoding, bytes) => {
    expect(decodeProof(bytes)).toBe(json);
  });

  test.each([
    ["Latin-1", Buffer.from('{"é":1}', "latin1")],
    ["half a character of UTF-16", Buffer.from(`\ufeff${json}`, "utf16le").subarray(0, -1)],
    ["half a pair of UTF-16", Buffer.from('\ufeff{"\ud83d', "utf16le")],
  ])("are not %s", (_encoding, bytes) => {
    const problem = "its bytes are neither UTF-8 nor UTF-16";
    expect(refusalOf(() => decodeProof(bytes))).toEqual({ code: "malformed proof", problem });
  });

  test("may be none", () => {
    expect(decodeProof(new Uint8Array())).toBe("");
  });
});

describe("the proof in a value is", () => {
  const proof = { version: 1n, blocks: ["0x00"] };

  test.each([
    ["the value", proof],
    ["in a reply", { jsonrpc: "2.0", id: 1n, result: { proof } }],
    ["in a reply of JSON-RPC 1.0", { id: 1n, result: { proof, next: "x" }, error: null }],
    ["in a result", { proof }],
  ])("%s", (_where, value) => {
    expect(proofIn(value)).toBe(proof);
  });

  test("the value for what is neither, so that its check says what it lacks", () => {
    for (const value of [null, 1n, "x", [proof], {}, { blocks: [] }]) expect(proofIn(value)).toBe(value);
  });

  test.each([
    ["an error", { jsonrpc: "2.0", id: 1n, error: { code: -32603n, message: "unknown block" } }, /: unknown block$/],
    ["an error without words", { error: {} }, /why there is none/],
    ["an error of a megabyte", { error: { message: "x".repeat(1e6) } }, /: x{200}$/],
    ["the reply to another call", { jsonrpc: "2.0", id: 1n, result: { blocks: [] } }, /by getProof$/],
    ["a reply with a result that is none", { jsonrpc: "2.0", id: 1n, result: null }, /by getProof$/],
    ["a reply with nothing", { jsonrpc: "2.0", id: 1n }, /by getProof$/],
  ])("not in %s, which is said", (_what, value, problem) => {
    expect(refusalOf(() => proofIn(value))).toEqual({
      code: "malformed proof",
      problem: expect.stringMatching(problem),
    });
  });
});
