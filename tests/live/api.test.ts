import { afterAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import type { MethodName, ParamsOf, ResultOf } from "../../src/client/contract.ts";
import { RpcError } from "../../src/client/rpc-error.ts";
import { checkProof } from "../../src/proof/block-proof.ts";
import { nodeUrl, openLive } from "../support/live.ts";
import { reasonOf } from "../support/promise.ts";

// The API as clients have it, over HTTP: of a development chain, or of a node.

const live = await openLive();
const { call } = live;
afterAll(live.close);

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const hex = (bytes: Uint8Array) => `0x${bytes.toHex()}`;

interface Stamped {
  readonly data: Uint8Array;
  readonly digest: string;
  /** As its receipt has it, with what the node knows of it. */
  readonly block: NonNullable<ResultOf<"getReceipt">["block"]>;
  /** As a proof has it. */
  readonly summary: { readonly id: string; readonly height: bigint; readonly timestamp: bigint };
}

/** Stamps data, and waits until it is accepted. */
async function stamp(data: Uint8Array = randomBytes(20)): Promise<Stamped> {
  const digest = hex(sha256(data));
  expect((await call("stamp", { data: hex(data) })).id).toBe(digest);
  const block = await accepted(digest);
  const { id, height, timestamp } = block;
  return { data, digest, block, summary: { id, height, timestamp } };
}

async function accepted(id: string): Promise<Stamped["block"]> {
  for (;;) {
    const { status, block } = await call("getReceipt", { id, waitMs: 20_000 });
    if (status === "accepted" && block !== undefined) return block;
    expect(block).toBeUndefined();
  }
}

describe("stamping", () => {
  test("a stamp is accepted, and found by its data, its digest, its block, its height and its time", async () => {
    const { data, digest, block } = await stamp();
    const whole = { ...block, data: hex(data), status: "accepted" as const };
    expect((await call("getBlockByHeight", { height: block.height })).block).toMatchObject(whole);
    expect((await call("getBlockAt", { timestamp: block.timestamp })).block.height).toBeGreaterThanOrEqual(
      block.height,
    );
    expect(await call("find", { digest })).toMatchObject({ blocks: [{ ...whole, match: "data" }] });
    expect(await call("find", { data: data.toBase64() })).toMatchObject({ blocks: [{ ...whole, match: "data" }] });
    const classic = { data: whole.data, height: block.height, timestamp: block.timestamp };
    expect((await call("getBlock", { id: block.id })).block).toMatchObject(classic);
  });

  test("a digest alone goes on the chain, and is found by it, and by the data that hashes to it", async () => {
    const secret = randomBytes(100);
    const digest = sha256(secret);
    const receipt = await call("stamp", { digest: digest.toHex() });
    expect(receipt.id).toBe(hex(sha256(digest)));
    const block = await accepted(receipt.id);
    const match = { ...block, data: hex(digest), match: "digest" as const };
    expect(await call("find", { digest: hex(digest) })).toMatchObject({ blocks: [match] });
    expect(await call("find", { data: hex(secret) })).toMatchObject({ blocks: [match] });
    expect(await call("find", { digest: receipt.id })).toMatchObject({ blocks: [{ ...match, match: "data" }] });
  });

  test("what is stamped already gives the receipt of its first block, and no new one", async () => {
    const { data, digest, block } = await stamp();
    expect(await call("stamp", { data: hex(data) })).toEqual({ id: digest, status: "accepted", block });
    await stamp();
    expect((await call("find", { digest })).blocks).toHaveLength(1);
  });

  test("proposed again as timestampvm-rs does, it is stamped again, and found in the order of the blocks", async () => {
    const { data, digest, block } = await stamp();
    await call("proposeBlock", { data: data.toBase64() });
    for (;;) {
      const { blocks, next } = await call("find", { digest, limit: 1, from: block.height + 1n });
      if (blocks.length === 0) continue;
      expect(next).toBeUndefined();
      break;
    }
    const { blocks } = await call("find", { digest });
    expect(blocks.map(({ match }) => match)).toEqual(["data", "data"]);
    expect(blocks[0]?.id).toBe(block.id);
    expect(await call("find", { digest, limit: 1 })).toMatchObject({ next: blocks[1]?.height });
    expect((await call("getReceipt", { id: digest })).block).toEqual(block);
  });

  test("what nobody stamped is unknown, at once or after the time", async () => {
    const id = hex(randomBytes(32));
    expect(await call("getReceipt", { id })).toEqual({ id, status: "unknown" });
    expect(await call("getReceipt", { id, waitMs: 300 })).toEqual({ id, status: "unknown" });
    expect(await call("find", { digest: id })).toEqual({ blocks: [] });
  });

  test.if(nodeUrl !== undefined)("the longest wait goes through a node", async () => {
    const id = hex(randomBytes(32));
    expect(await call("getReceipt", { id, waitMs: 25_000 })).toEqual({ id, status: "unknown" });
  });

  test("a hundred at once, each is accepted", async () => {
    const stamps = await Promise.all(Array.from({ length: 100 }, () => stamp()));
    const ids = new Set(stamps.map(({ block }) => block.id));
    expect(ids.size).toBe(100);
  });
});

describe("reading", () => {
  test("pages, newest first or oldest first, hold the same chain, and each block is the child of the one before", async () => {
    for (let i = 0; i < 5; i++) await stamp();
    const { height } = (await call("getStatus", {})).lastAccepted;
    const descending = await pages({ from: height, limit: 2 });
    const ascending = await pages({ order: "ascending", limit: 3 }, height);
    expect(ascending).toEqual(descending.toReversed());
    expect(ascending.map((block) => block.height)).toEqual([...ascending.keys()].map(BigInt));
    ascending.forEach((block, i) => {
      if (i > 0) expect(block.parentId).toBe(ascending[i - 1]?.id ?? "");
    });
  });

  async function pages(params: ParamsOf<"getBlocks">, until = -1n) {
    const blocks: ResultOf<"getBlocks">["blocks"] = [];
    for (let from = params.from; ; ) {
      const page = await call("getBlocks", { ...params, ...(from !== undefined && { from }) });
      expect(page.blocks.length).toBeLessThanOrEqual(Number(params.limit));
      blocks.push(...page.blocks);
      if (page.next === undefined || blocks.at(-1)?.height === until) return blocks;
      from = page.next;
    }
  }

  test("a client that waits at the end of the chain gets the next block when it comes", async () => {
    const tip = (await call("getBlocks", { limit: 1 })).blocks[0]?.height ?? 0n;
    const following = call("getBlocks", { from: tip + 1n, order: "ascending", waitMs: 20_000 });
    const { block } = await stamp();
    const { blocks, next } = await following;
    expect(blocks[0]).toMatchObject({ ...block });
    expect(next).toBe((blocks.at(-1)?.height ?? 0n) + 1n);
  });

  test("at the end of the chain there is an empty page, and where to go on", async () => {
    const { height } = (await call("getStatus", {})).lastAccepted;
    const from = height + 1_000_000n;
    expect(await call("getBlocks", { from, order: "ascending", waitMs: 10 })).toEqual({ blocks: [], next: from });
  });

  test("the last block at a time is the one before the first that is later", async () => {
    const { block } = await stamp();
    const { block: last } = await call("getBlockAt", { timestamp: 2n ** 64n - 1n });
    expect(last.height).toBeGreaterThanOrEqual(block.height);
    const { block: before } = await call("getBlockAt", { timestamp: block.timestamp - 1n });
    expect(before.timestamp).toBeLessThan(block.timestamp);
    const { block: after } = await call("getBlockByHeight", { height: before.height + 1n });
    expect(after.timestamp).toBeGreaterThanOrEqual(block.timestamp);
    expect((await call("getBlockAt", { timestamp: 0 })).block.height).toBe(0n);
  });
});

describe("proofs", () => {
  test("a proof holds without a node, up to the next block or a later one, and a digest's is that of its first block", async () => {
    const { digest, summary: block, data } = await stamp();
    const { summary: later } = await stamp();
    await stamp();
    const { proof, next } = await call("getProof", { digest, to: later.id });
    expect(next).toBeUndefined();
    const checked = checkProof(
      JSON.parse(JSON.stringify(proof, (_, part) => (typeof part === "bigint" ? Number(part) : part))),
    );
    expect(checked).toMatchObject({ block, to: later, length: Number(later.height - block.height) + 1 });
    expect(hex(checked.block.data)).toBe(hex(data));
    const near = (await call("getProof", { id: block.id })).proof;
    expect(checkProof(near).to.height).toBe(block.height + 1n);
    expect(await reasonOf(call("getProof", { id: later.id, to: block.id }))).toBeInstanceOf(RpcError);
  });

  test("a long one comes in parts, each a proof, which together are one", async () => {
    const { summary } = await stamp();
    const { block: last } = await stamp(randomBytes(900_000));
    await stamp(randomBytes(900_000));
    const { summary: end } = await stamp(randomBytes(900_000));
    const parts: ResultOf<"getProof">["proof"][] = [];
    for (let id: string | undefined = summary.id; id !== undefined; ) {
      const { proof, next }: ResultOf<"getProof"> = await call("getProof", { id, to: end.id });
      checkProof(proof);
      parts.push(proof);
      id = next;
    }
    expect(parts.length).toBeGreaterThan(1);
    const [first] = parts;
    const blocks = parts.flatMap((part, i) => part.blocks.slice(i === 0 ? 0 : 1));
    const joined = checkProof({ ...first, to: parts.at(-1)?.to, blocks });
    expect(joined).toMatchObject({ block: summary, to: end });
    expect(last.height).toBeGreaterThan(summary.height);
  });
});

describe("status", () => {
  test("says what the node is and how far it is", async () => {
    const status = await call("getStatus", {});
    expect(status).toMatchObject({ state: "normal operation", version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(status.protocol).toBeGreaterThanOrEqual(16n);
    expect(status.databaseBytes).toBeGreaterThan(0n);
    const { block } = await call("getBlockByHeight", { height: status.lastAccepted.height });
    expect(block.id).toBe(status.lastAccepted.id);
    if (nodeUrl === undefined) {
      expect(status.notice).toBe("development chain: one process, no peers, no consensus");
      expect("nodeId" in status || "networkId" in status).toBe(false);
    } else {
      expect(status).toMatchObject({ nodeId: expect.stringMatching(/^NodeID-/), networkId: expect.anything() });
      expect(nodeUrl).toContain(status.chainId);
      expect(status.notice).toBeUndefined();
    }
  });

  test("every method answers to its name with and without the prefix, by name and by position", async () => {
    for (const method of ["getStatus", "timestampvm.getStatus"]) {
      for (const params of [undefined, {}, [], [{}]]) {
        const response = await fetch(`${live.url}/rpc`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
        });
        expect(await response.json()).toMatchObject({ result: { state: "normal operation" } });
      }
    }
  });
});

describe("refusals", () => {
  const digest = `0x${"ab".repeat(32)}`;
  const id = "11111111111111111111111111111111LpoYY";
  const waitTooLong = "must be a whole number, 0 to 25000";
  const refused: readonly (readonly [MethodName, object, number, string])[] = [
    ["getBlockByHeight", {}, -32602, "missing field `height`"],
    ["getBlockByHeight", { height: -1 }, -32602, "height must be a whole number, 0 to 18446744073709551615"],
    ["getBlockByHeight", { height: 1.5 }, -32602, "height must be a whole number"],
    ["getBlockByHeight", { height: "1" }, -32602, "height must be a whole number"],
    ["getBlockByHeight", { height: 2n ** 64n }, -32602, "height must be a whole number"],
    ["getBlockByHeight", { height: 2n ** 64n - 1n }, -32001, "not found"],
    ["getBlockByHeight", { height: 1, hieght: 2 }, -32602, "unknown field `hieght`"],
    ["getBlockAt", { time: 1 }, -32602, "missing field `timestamp`"],
    ["getBlocks", { limit: 0 }, -32602, "limit must be a whole number, 1 to 100"],
    ["getBlocks", { limit: 101 }, -32602, "limit must be a whole number, 1 to 100"],
    ["getBlocks", { order: "newest" }, -32602, "order must be ascending or descending"],
    ["getBlocks", { waitMs: 25_001 }, -32602, `waitMs ${waitTooLong}`],
    ["getReceipt", { id: digest, waitMs: 25_001 }, -32602, `waitMs ${waitTooLong}`],
    ["getReceipt", { id: "0xab" }, -32602, "id is not a SHA-256: give 64 hex digits"],
    ["getReceipt", { id: 5 }, -32602, "id must be a string"],
    ["stamp", {}, -32602, "give one of data and digest"],
    ["stamp", { data: "0x00", digest }, -32602, "give one of data and digest"],
    ["stamp", { data: "no base64" }, -32602, "data must be base64 with padding, or 0x and hex digits"],
    ["stamp", { digest: "ab".repeat(31) }, -32602, "digest is not a SHA-256: 62 hex digits, not 64"],
    ["stamp", { data: hex(new Uint8Array(1_000_001)) }, -32000, "data 1000001-byte exceeds the limit 1000000-byte"],
    ["find", {}, -32602, "give one of data and digest"],
    ["getBlock", { id }, -32603, "not found"],
    ["getProof", { digest }, -32001, "not found"],
    ["getProof", { id }, -32001, "not found"],
    ["getProof", { id: "no id" }, -32602, "id must be a block's id: not base58"],
    ["getStatus", { verbose: true }, -32602, "unknown field `verbose`"],
    ["ping", {}, -32602, "no parameters were expected"],
  ];

  const rows = refused.map((row) => [`${row[0]}: ${row[3]}`, ...row] as const);

  test.each(rows)("%s", async (_name, method, params, code, message) => {
    const error = await reasonOf(call(method, params as never));
    expect(error).toBeInstanceOf(RpcError);
    expect(error as RpcError).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

test("clients may leave while they wait", async () => {
  const aborted = new AbortController();
  const waits = Array.from({ length: 200 }, () =>
    reasonOf(call("getReceipt", { id: hex(randomBytes(32)), waitMs: 20_000 }, aborted.signal)),
  );
  await call("ping", undefined);
  aborted.abort(new Error("enough"));
  for (const error of await Promise.all(waits)) expect((error as Error).message).toBe("enough");
  expect(await call("ping", undefined)).toEqual({ success: true });
});
