import { describe, expect, test } from "bun:test";
import { maxProofBlocks, maxProofBytes } from "../../src/api/proving.ts";
import { maxPageBytes } from "../../src/client/contract.ts";
import { maxPageBlocks } from "../../src/client/limits.ts";
import type { Block } from "../../src/core/block.ts";
import { digestOf, digestToBytes } from "../../src/core/digest.ts";
import { checkProof } from "../../src/proof/block-proof.ts";
import { viewOf } from "../support/api.ts";
import { acceptAll, bytesOf, chainOn, childOf, genesis, now, startVm } from "../support/chain.ts";
import { identity } from "../support/identity.ts";
import { RpcClient } from "./rpc.ts";

/** An API over a chain of these blocks behind genesis. */
function serve(blocks: readonly Block[]): RpcClient {
  const { vm } = startVm();
  acceptAll(vm, blocks);
  return new RpcClient(vm);
}

/** A chain of blocks with so many bytes of data each. */
function chainOfSizes(...sizes: readonly number[]): Block[] {
  const blocks: Block[] = [];
  for (const size of sizes) blocks.push(childOf(blocks.at(-1) ?? genesis, new Uint8Array(size).fill(blocks.length)));
  return blocks;
}

interface Page {
  readonly blocks: readonly { readonly height: number; readonly id: string }[];
  readonly next?: number;
}

async function heightsOf(rpc: RpcClient, params: object, method = "getBlocks") {
  const { blocks, next } = (await rpc.call(method, params)).result as unknown as Page;
  return [blocks.map(({ height }) => height), next];
}

describe("getBlocks", () => {
  const blocks = chainOn(genesis, 30);
  const rpc = serve(blocks);

  test.each([
    ["the newest 20 by itself", {}, [range(30, 11), 10]],
    ["the rest behind them", { from: 10 }, [range(10, 0), undefined]],
    ["as many as are asked for", { limit: 1 }, [[30], 29]],
    ["down to genesis and no further", { from: 2, limit: 3 }, [[2, 1, 0], undefined]],
    ["all but genesis", { from: 2, limit: 2 }, [[2, 1], 0]],
    ["from above the last block, the newest", { from: 1_000, limit: 2 }, [[30, 29], 28]],
    ["up from genesis", { order: "ascending", limit: 2 }, [[0, 1], 2]],
    ["up to the last, and where the next will be", { order: "ascending", from: 29 }, [[29, 30], 31]],
    ["nothing behind the last", { order: "ascending", from: 31 }, [[], 31]],
    ["the greatest height", { order: "ascending", from: 2 ** 64 }, undefined],
  ])("gives %s", async (_what, params, expected) => {
    if (expected === undefined) expect(await rpc.codeOf("getBlocks", params)).toBe(-32602);
    else expect(await heightsOf(rpc, params)).toEqual(expected);
  });

  test("a page has as many blocks as it may, and no more are asked for", async () => {
    const tall = serve(chainOn(genesis, maxPageBlocks));
    expect(await heightsOf(tall, { limit: maxPageBlocks })).toEqual([range(100, 1), 0]);
    expect(await tall.codeOf("getBlocks", { limit: maxPageBlocks + 1 })).toBe(-32602);
  });

  test("each block has all that a block has", async () => {
    const { blocks: page } = (await rpc.call("getBlocks", { from: 3, limit: 1 })).result as unknown as Page;
    const [, , third] = blocks as [Block, Block, Block];
    expect(page).toEqual([
      {
        id: third.id,
        height: 3,
        parentId: third.parentId,
        timestamp: Number(now),
        data: `0x${third.data.toHex()}`,
        status: "accepted",
        claim: "confirmed",
        firstSight: { time: Number(now), node: identity.nodeId, own: true },
      } as never,
    ]);
  });

  test("a page ends before its data would be more than the limit, but holds at least one block", async () => {
    const half = maxPageBytes / 2;
    const large = serve(chainOfSizes(half, half, 1, 2 * maxPageBytes));
    const ascending = (from: number) => heightsOf(large, { order: "ascending", from });
    expect(await ascending(1)).toEqual([[1, 2], 3]);
    expect(await ascending(3)).toEqual([[3], 4]);
    expect(await ascending(4)).toEqual([[4], 5]);
    expect(await heightsOf(large, {})).toEqual([[4], 3]);
  });
});

test("nothing that the node's database does not know is given by any method", async () => {
  const rpc = serve(chainOn(genesis, 1));
  const { vm } = rpc;
  const block = childOf(vm.lastAccepted, "not confirmed", now + 5n);
  vm.verifyBlock(block.bytes);
  const digest = digestOf(block.data);
  const expectHidden = async (status: string) => {
    expect((await rpc.call("getBlockByHeight", { height: 2 })).error?.message).toBe("not found");
    expect((await rpc.call("getProof", { id: block.id })).error?.message).toBe("not found");
    expect((await rpc.call("getProof", { digest })).error?.message).toBe("not found");
    expect((await rpc.call("getBlockAt", { timestamp: Number(now + 5n) })).result).toMatchObject({
      block: { height: 1 },
    });
    expect(await heightsOf(rpc, {})).toEqual([[1, 0], undefined]);
    expect(await heightsOf(rpc, { digest }, "find")).toEqual([[], undefined]);
    expect((await rpc.call("getReceipt", { id: digest })).result).toEqual({ id: `0x${digest}`, status });
    expect((await rpc.call("getStatus")).result).toMatchObject({ lastAccepted: { height: 1 } });
  };
  await expectHidden("processing");
  vm.acceptBlock(block.id);
  await expectHidden("processing");
  vm.confirm(block);
  expect(await heightsOf(rpc, { digest }, "find")).toEqual([[2], undefined]);
  expect((await rpc.call("getReceipt", { id: digest })).result).toMatchObject({
    status: "accepted",
    block: { id: block.id },
  });
});

describe("getProof", () => {
  interface Part {
    readonly proof: { readonly blocks: readonly string[]; readonly to: { readonly height: number } };
    readonly next?: string;
  }

  async function partOf(rpc: RpcClient, params: object): Promise<Part> {
    const { result, error } = await rpc.call("getProof", params);
    if (error !== undefined) throw new Error(error.message);
    checkProof((result as unknown as Part).proof);
    return result as unknown as Part;
  }

  test("one part has so many blocks and no more", async () => {
    const blocks = chainOn(genesis, maxProofBlocks + 1);
    const rpc = serve(blocks);
    const idAt = (height: number) => (blocks[height - 1] as Block).id;
    const to = idAt(maxProofBlocks + 1);
    expect(await partOf(rpc, { id: idAt(2), to })).not.toHaveProperty("next");
    const first = await partOf(rpc, { id: idAt(1), to });
    expect(first).toMatchObject({ proof: { to: { height: maxProofBlocks } }, next: idAt(maxProofBlocks) });
    expect(first.proof.blocks).toHaveLength(maxProofBlocks);
    const rest = await partOf(rpc, { id: first.next, to });
    expect(rest.proof.blocks).toHaveLength(2);
    expect(rest.next).toBeUndefined();
  });

  test("one part has so many bytes, but always one step", async () => {
    const blocks = chainOfSizes(10, maxProofBytes / 8, maxProofBytes / 8, 10, maxProofBytes, maxProofBytes);
    const rpc = serve(blocks);
    const lengths: number[] = [];
    for (let id: string | undefined = blocks[0]?.id; id !== undefined; ) {
      const { proof, next }: Part = await partOf(rpc, { id, to: blocks.at(-1)?.id });
      lengths.push(proof.blocks.length);
      id = next;
    }
    expect(lengths).toEqual([4, 2, 2]);
  });

  test("leads to the next block, or to the block itself while there is none, unless it is asked to go further", async () => {
    const [one, two, three] = chainOn(genesis, 3) as [Block, Block, Block];
    const rpc = serve([one, two, three]);
    const endOf = async (params: object) => {
      const { proof, next } = await partOf(rpc, params);
      return [proof.to.height, proof.blocks.length, next];
    };
    expect(await endOf({ id: one.id })).toEqual([2, 2, undefined]);
    expect(await endOf({ digest: digestOf(one.data) })).toEqual([2, 2, undefined]);
    expect(await endOf({ id: three.id })).toEqual([3, 1, undefined]);
    expect(await endOf({ id: one.id, to: three.id })).toEqual([3, 3, undefined]);
    rpc.vm.verifyBlock(childOf(three, "not accepted").bytes);
    expect(await endOf({ id: three.id })).toEqual([3, 1, undefined]);
  });

  test("names network, chain, genesis and program, and the SHA-256 that it was asked for", async () => {
    const [block] = chainOn(genesis, 1) as [Block];
    const rpc = serve([block]);
    const named = { network: 12345, chain: "3DDiCtDLpQ19tqZshWZvpJwVZYXJrru593Q2JqnV3HN4Zb62X", genesis: genesis.id };
    const { result } = await rpc.call("getProof", { digest: digestOf(block.data) });
    expect(result).toMatchObject({
      proof: { ...named, program: "timestampvm 1.2.3", sha256: `0x${digestOf(block.data)}` },
    });
    const { proof } = (await rpc.call("getProof", { id: block.id })).result as { proof: object };
    expect(proof).toMatchObject(named);
    expect(Object.keys(proof)).not.toContain("sha256");
    expect(Object.keys(proof)).not.toContain("nonce");
  });

  test("says the SHA-256 of what was stamped only where that is sure", async () => {
    const { vm } = startVm();
    const digest = digestOf(bytesOf("a file"));
    const block = childOf(genesis, digestToBytes(digest));
    acceptAll(vm, [block]);
    const rpc = new RpcClient(vm);
    const saidFor = async (asked: string) => {
      const { result } = await rpc.call("getProof", { digest: asked });
      return (result as { readonly proof: { readonly sha256?: string } }).proof.sha256;
    };
    expect(await saidFor(digest)).toBe(`0x${digest}`);
    expect(await saidFor(digestOf(block.data))).toBeUndefined(); // these 32 bytes are most likely a digest themselves
  });

  test("of a digest is that of the first block that has one", async () => {
    const { vm } = startVm();
    const [one, two, three] = [1n, 2n, 3n].reduce<Block[]>(
      (blocks) => [...blocks, childOf(blocks.at(-1) ?? genesis, "same")],
      [],
    );
    acceptAll(vm, [one, two, three] as Block[]);
    const { confirmed } = viewOf(vm);
    const find = confirmed.find.bind(confirmed);
    confirmed.find = function* (digest, from) {
      for (const block of find(digest, from)) {
        yield block.id === one?.id ? { ...block, bytes: new Uint8Array([...block.bytes, 32]) } : block;
      }
    };
    const { result } = await new RpcClient(vm).call("getProof", { digest: digestOf(bytesOf("same")) });
    expect(result).toMatchObject({ proof: { id: two?.id } });
  });

  test("of a block that timestampvm-rs encoded again, or over one, there is none", async () => {
    const { vm } = startVm();
    const [one, two, three] = chainOn(genesis, 3) as [Block, Block, Block];
    acceptAll(vm, [one, two, three]);
    const rpc = new RpcClient(vm);
    const { confirmed } = viewOf(vm);
    const read = confirmed.getBlockAtHeight.bind(confirmed);
    confirmed.getBlockAtHeight = (height) => {
      const block = read(height);
      return block?.id === two.id ? { ...block, bytes: new Uint8Array([...block.bytes, 32]) } : block;
    };
    expect((await rpc.call("getProof", { id: one.id, to: three.id })).error?.message).toStartWith(
      `no proof goes through block ${two.id}`,
    );
    expect((await rpc.call("getProof", { id: one.id })).result).toMatchObject({ proof: { to: { id: one.id } } });
    expect((await rpc.call("getProof", { id: two.id, to: two.id })).error?.message).toStartWith(
      "no proof goes through",
    );
    expect((await rpc.call("getProof", { id: three.id })).error).toBeUndefined();
    expect((await rpc.call("getProof", { id: one.id, to: one.id })).error).toBeUndefined();
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: from - to + 1 }, (_, i) => from - i);
}
