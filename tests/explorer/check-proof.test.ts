import { describe, expect, test } from "bun:test";
import { fetchProof } from "../../src/client/fetch-proof.ts";
import { formatExactJson } from "../../src/core/exact-json.ts";
import {
  anchorOf,
  checkProofFile,
  expectAbleToCheck,
  isProofFile,
  maxPageProofBytes,
} from "../../src/explorer/browser/check-proof.ts";
import { checkProof } from "../../src/proof/block-proof.ts";
import { callOf, RpcClient } from "../api/rpc.ts";
import { acceptAll, chainOn, childOf, genesis, startVm } from "../support/chain.ts";
import { reasonOf } from "../support/promise.ts";

const blocks = chainOn(genesis, 3);
const [first = genesis, , last = genesis] = blocks;
const { vm } = startVm();
acceptAll(vm, blocks);
const call = callOf(new RpcClient(vm));
const proof = formatExactJson(
  await fetchProof(call, { id: first.id }, last.id, { check: checkProof, maxBytes: maxPageProofBytes }),
);
const signal = new AbortController().signal;

function fileOf(content: string | Uint8Array<ArrayBuffer>, name = "a file"): File {
  return new File([content], name);
}

/** As PowerShell writes it. */
function inUtf16(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));
}

describe("a file", () => {
  test.each([
    ["by its name", fileOf("anything", "block-1.proof.json"), true],
    ["by its members, also indented", fileOf(JSON.stringify(JSON.parse(proof), undefined, 8)), true],
    ["in UTF-16", fileOf(inUtf16(JSON.stringify(JSON.parse(proof), undefined, 2))), true],
    ["as a reply of the API", fileOf(`{"jsonrpc":"2.0","id":1,"result":{"proof":${proof}}}`), true],
    ["not, with one member less", fileOf(proof.replace("digest", "data")), false],
    ["not, as a list", fileOf(`[${proof}]`), false],
    ["not, when it is empty", fileOf(""), false],
  ])("is meant as a proof %s", async (_how, file, expected) => {
    expect(await isProofFile(file)).toBe(expected);
  });

  test("that is a proof gives what it proves", async () => {
    for (const content of [proof, inUtf16(proof), `{"jsonrpc":"2.0","id":1,"result":{"proof":${proof}}}`]) {
      expect(await checkProofFile(fileOf(content))).toMatchObject({ proof: { block: first, to: last, length: 3 } });
    }
  });

  test.each([
    ["a proof of another height", fileOf(proof.replace('"height":1', '"height":2')), /height/],
    ["no JSON", fileOf("{"), /^it is not JSON$/],
    ["no text", fileOf(Uint8Array.of(0x22, 0xff, 0x22)), /: its bytes are neither UTF-8 nor UTF-16$/],
  ])("that is %s proves nothing", async (_what, file, problem) => {
    expect(await checkProofFile(file)).toEqual({ problem: expect.stringMatching(problem) });
  });

  test("that is too large for a page is refused before it is read", async () => {
    const reason = await reasonOf(checkProofFile(fileOf(new Uint8Array(maxPageProofBytes + 1))));
    expect(String(reason)).toContain("up to 33,554,432 bytes");
  });
});

test("a browser that cannot read hex is too old, which is no fault of a proof", () => {
  const { fromHex } = Uint8Array;
  Reflect.deleteProperty(Uint8Array, "fromHex");
  try {
    expect(expectAbleToCheck).toThrow("too old");
  } finally {
    Object.defineProperty(Uint8Array, "fromHex", { value: fromHex, configurable: true, writable: true });
  }
});

describe("a node", () => {
  test("has a block of its chain, and not another of the same height, nor one above", async () => {
    expect(await anchorOf(call, last, signal)).toBe("on chain");
    expect(await anchorOf(call, childOf(genesis, "another"), signal)).toBe("not on chain");
    expect(await anchorOf(call, childOf(last, "next"), signal)).toBe("not on chain");
  });

  test("that gives no answer anchors nothing, and one that is no longer asked rejects", async () => {
    const fail = () => Promise.reject(new Error("no answer"));
    expect(await anchorOf(fail, last, signal)).toBe("no answer");
    expect(await reasonOf(anchorOf(fail, last, AbortSignal.abort("gone")))).toBe("gone");
  });
});
