import { beforeAll, describe, expect, test } from "bun:test";
import type { CallApi } from "../../src/client/client.ts";
import type { ResultOf } from "../../src/client/contract.ts";
import { FetchProofError, type FetchRefusal, fetchProof } from "../../src/client/fetch-proof.ts";
import { type Block, summaryOf } from "../../src/core/block.ts";
import { digestOf } from "../../src/core/digest.ts";
import { formatExactJson } from "../../src/core/exact-json.ts";
import { stampedDigest } from "../../src/core/nonce.ts";
import { checkProof, maxProofFileBytes, parseProof } from "../../src/proof/block-proof.ts";
import { callOf, RpcClient } from "../api/rpc.ts";
import { acceptAll, chainOn, childOf, genesis, startVm } from "../support/chain.ts";
import { reasonOf } from "../support/promise.ts";

type Part = ResultOf<"getProof">;

const blocks = chainOn(genesis, 2_500);
const nonce = Uint8Array.fromHex("000102030405060708090a0b0c0d0e0f");
let call: CallApi;

beforeAll(() => {
  const { vm } = startVm();
  acceptAll(vm, blocks);
  call = callOf(new RpcClient(vm));
});

/** A server that does with each answer to `getProof` what `change` does. */
function spoil(change: (part: Part, count: number) => unknown): {
  readonly call: CallApi;
  readonly count: () => number;
} {
  let count = 0;
  const spoiled: CallApi = async (method, params) => {
    const result = await call(method, params);
    if (method !== "getProof") return result;
    count++;
    return (await change(result as Part, count)) as typeof result;
  };
  return { call: spoiled, count: () => count };
}

function at(height: number): Block {
  return blocks[height - 1] as Block;
}

const options = { check: checkProof, maxBytes: maxProofFileBytes };
const getPart = (from: number, to: number) => call("getProof", { id: at(from).id, to: at(to).id });

describe("a proof in parts", () => {
  test("is joined, and holds", async () => {
    const parts: (readonly [string, number])[] = [];
    const proof = await fetchProof(call, { id: at(1).id }, at(2_500).id, {
      ...options,
      onPart: ({ id }, count) => parts.push([id, count]),
    });
    const text = formatExactJson(proof);
    expect(parseProof(text)).toMatchObject({ block: at(1), to: at(2_500), length: 2_500 });
    expect(proof.blocks).toEqual(blocks.map(({ bytes }) => `0x${bytes.toHex()}`));
    expect(parts).toEqual([
      [at(1).id, 1_000],
      [at(1).id, 1_999],
    ]);
  });

  test("is of the first block with a digest, or with data of it", async () => {
    const data = at(3).data;
    const proof = await fetchProof(call, { digest: digestOf(data) }, at(4).id, options);
    expect(checkProof(proof)).toMatchObject({ block: at(3), to: at(4), length: 2 });
  });

  test("leads to the next block when no end is named, and keeps what the server says for people", async () => {
    const salted = stampedDigest(digestOf(at(1).data), nonce);
    const { vm } = startVm();
    const carrying = childOf(genesis, Uint8Array.fromHex(salted));
    acceptAll(vm, [carrying, childOf(carrying, "next"), childOf(childOf(carrying, "next"), "last")]);
    const server = callOf(new RpcClient(vm));
    const proof = await fetchProof(server, { digest: digestOf(at(1).data), nonce }, undefined, options);
    expect(proof).toMatchObject({ id: carrying.id, to: { height: 2n }, genesis: genesis.id, network: 12_345n });
    expect([proof.sha256, proof.nonce]).toEqual([`0x${digestOf(at(1).data)}`, "0x000102030405060708090a0b0c0d0e0f"]);
    expect(proof.blocks).toHaveLength(2);
    expect(checkProof(proof).says.sha256).toBe(digestOf(at(1).data));
  });

  test("has no member that the server made up", async () => {
    const large = "x".repeat(1_000_000);
    const more = { program: large, chain: "\u001b[2J", nonce: `0x${"00".repeat(16)}`, sha256: at(9).id, note: large };
    const server = spoil(({ proof, ...part }) => ({ ...part, proof: { ...proof, ...more } }));
    const proof = await fetchProof(server.call, { digest: digestOf(at(3).data) }, at(4).id, options);
    expect(proof.sha256).toBe(`0x${digestOf(at(3).data)}`);
    expect(formatExactJson(proof)).not.toMatch(/xxx|2J|nonce|note/);
  });

  test("of a server that leads further than to the next block is its first part", async () => {
    const server = spoil(() => getPart(1, 2_500));
    const proof = await fetchProof(server.call, { id: at(1).id }, undefined, options);
    expect([proof.to, server.count()]).toEqual([summaryOf(at(1_000)), 1]);
  });

  test("may be of one block", async () => {
    expect((await fetchProof(call, { id: at(5).id }, at(5).id, options)).blocks).toHaveLength(1);
  });

  test("has so many bytes of JSON and no more", async () => {
    const whole = await fetchProof(call, { id: at(1).id }, at(1_500).id, options);
    const room = 1_000 + whole.blocks.reduce((bytes, hex) => bytes + hex.length + 3, 0);
    const within = await fetchProof(call, { id: at(1).id }, at(1_500).id, { ...options, maxBytes: room });
    expect(formatExactJson(within).length).toBeLessThanOrEqual(room);
    const refused = reasonOf(fetchProof(call, { id: at(1).id }, at(1_500).id, { ...options, maxBytes: 3_000 }));
    expect(await refused).toMatchObject({
      refusal: { code: "proof too large", maxBytes: 3_000 },
      message: "so many blocks are more than the 3,000 bytes that a proof may have",
    });
    const narrow = { ...options, maxBytes: room - 1 };
    expect(await reasonOf(fetchProof(call, { id: at(1).id }, at(1_500).id, narrow))).toBeInstanceOf(FetchProofError);
  });
});

describe("a server is not believed that gives", () => {
  const changed = ({ proof, ...part }: Part) => {
    const [first = "", ...rest] = proof.blocks;
    return { ...part, proof: { ...proof, blocks: [first.replace(/..$/, "20"), ...rest] } };
  };

  test.each<readonly [string, Parameters<typeof spoil>[0], string, calls: number]>([
    ["a block that was changed", changed, "not a proof: ", 1],
    ["no proof", () => ({}), "not a proof: it is not a JSON object", 1],
    ["another block", () => getPart(2, 9), "it is about block ", 1],
    ["an end before the one that was asked for", ({ proof }) => ({ proof }), "it ends in block ", 1],
    ["another end", () => getPart(1, 7), `it ends in block ${at(7).id}`, 1],
    ["a second part that was changed", (part, count) => (count === 1 ? part : changed(part)), "not a proof: ", 2],
    ["the first part for ever", () => getPart(1, 2_500), "its parts do not fit together", 2],
    [
      "a part that goes back",
      (part, count) => (count === 1 ? part : getPart(999, 2_500)),
      "its parts do not fit together",
      2,
    ],
    [
      "a part that leaves blocks out",
      (part, count) => (count === 1 ? part : getPart(1_001, 2_500)),
      "its parts do not fit together",
      2,
    ],
    [
      "one block for ever",
      async (part, count) => (count === 1 ? part : { ...(await getPart(1_000, 1_000)), next: at(1_000).id }),
      "its parts do not fit together",
      2,
    ],
    [
      "no more where there is more",
      ({ proof, ...part }, count) => (count === 1 ? { proof, ...part } : { proof }),
      `it ends in block ${at(1_999).id}`,
      2,
    ],
  ])("%s", async (_name, change, problem, calls) => {
    const server = spoil(change);
    const error = await reasonOf(fetchProof(server.call, { id: at(1).id }, at(2_500).id, options));
    expect(error).toBeInstanceOf(FetchProofError);
    const { code, problem: found } = (error as FetchProofError).refusal as Extract<FetchRefusal, { problem: string }>;
    expect([code, found]).toEqual(["unsound proof", expect.stringContaining(problem)]);
    expect((error as Error).message).toBe(`the node gives a proof that does not hold: ${found}`);
    expect(server.count()).toBe(calls);
  });

  test("the proof of another digest", async () => {
    const server = spoil(() => getPart(2, 9));
    const error = await reasonOf(fetchProof(server.call, { digest: digestOf(at(1).data) }, at(9).id, options));
    expect(error).toMatchObject({ message: expect.stringContaining("which carries something else") });
  });

  test("a chain that never ends: it is left when there is no more room", async () => {
    let head = at(1);
    const server = spoil(() => {
      const [from, to] = [head, childOf(head, "more")];
      head = to;
      const proof = {
        version: 1n,
        ...summaryOf(from),
        digest: `0x${digestOf(from.data)}`,
        to: summaryOf(to),
        blocks: [from, to].map(({ bytes }) => `0x${bytes.toHex()}`),
      };
      return { proof, next: to.id };
    });
    const error = await reasonOf(
      fetchProof(server.call, { id: at(1).id }, at(2_500).id, { ...options, maxBytes: 50_000 }),
    );
    expect(error).toMatchObject({ refusal: { code: "proof too large", maxBytes: 50_000 } });
    expect(server.count()).toBeLessThan(50_000 / 200);
  });
});

test("what is no refusal of a proof is thrown as it is: a fault of the call, or of the check", async () => {
  const fault = new Error("gone");
  const fails = spoil(() => Promise.reject(fault));
  expect(await reasonOf(fetchProof(fails.call, { id: at(1).id }, at(2).id, options))).toBe(fault);
  const check = () => {
    throw fault;
  };
  expect(await reasonOf(fetchProof(call, { id: at(1).id }, at(2).id, { ...options, check }))).toBe(fault);
});
