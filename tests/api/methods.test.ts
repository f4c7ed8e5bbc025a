import { describe, expect, test } from "bun:test";
import { decideNext, genesis, propose, startVm } from "../support/chain.ts";
import { identity } from "../support/identity.ts";
import { RpcClient, success } from "./rpc.ts";

/** What the only proposal that waits says. */
function waitingData(rpc: RpcClient): string {
  return Buffer.from(rpc.vm.buildBlock().data).toString("latin1");
}

describe("data to propose", () => {
  test.each([
    ["", ""],
    ["YQ==", "a"],
    ["YWI=", "ab"],
    ["YWJj", "abc"],
    ["+/8=", "\xfb\xff"],
    ["0x", ""],
    ["0x61", "a"],
    ["0xfF", "\xff"],
    ["0x00", "\0"],
    ["0xzz", "\xd3\x1c\xf3"], // no hex, but base64
    ["0X61", "\xd1\x7e\xb5"],
  ])("takes %p", async (text, data) => {
    const rpc = new RpcClient();
    expect(await rpc.call("proposeBlock", [{ data: text }])).toEqual(success);
    expect(waitingData(rpc)).toBe(data);
  });

  test.each([
    ["no padding", "YQ"],
    ["half a padding", "YQ="],
    ["too much padding", "YQ==="],
    ["padding alone", "===="],
    ["padding within", "YQ==YQ=="],
    ["bits left over", "YR=="],
    ["URL-safe letters", "_-8="],
    ["white space", "YQ ="],
    ["a line end", "YQ==\n"],
    ["white space in front", " YQ=="],
    ["one letter", "Y"],
    ["a letter of no alphabet", "Y!=="],
    ["a letter beyond ASCII", "Yé=="],
    ["an odd number of hex digits", "0x1"],
    ["too few letters for base64 and no hex", "0xz"],
    ["hex with a space", "0x61 "],
  ])("refuses %s", async (_name, text) => {
    const rpc = new RpcClient();
    expect(await rpc.call("proposeBlock", [{ data: text }])).toMatchObject({
      error: { code: -32602, message: "Invalid params: data must be base64 with padding, or 0x and hex digits" },
    });
    expect(rpc.vm.status().mempool.items).toBe(0);
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["no object", []],
    ["null by position", [null]],
    ["two texts", ["YQ==", "YQ=="]],
    ["a text behind the object", [{ data: "YQ==" }, "YQ=="]],
    ["an array in the array", [[{ data: "YQ==" }]]],
    ["two objects", [{ data: "YQ==" }, { data: "YQ==" }]],
    ["another name", [{ Data: "YQ==" }]],
    ["a number", [{ data: 5 }]],
    ["null for the text", [{ data: null }]],
    ["an object for the text", { data: {} }],
  ])("refuses %s as params", async (_name, params) => {
    expect(await new RpcClient().codeOf("proposeBlock", params)).toBe(-32602);
  });
});

describe("proposeBlock", () => {
  test("takes data by name, and members it does not know", async () => {
    const rpc = new RpcClient();
    expect(await rpc.call("proposeBlock", { data: "YQ==", memo: 1 })).toEqual(success);
    expect(waitingData(rpc)).toBe("a");
  });

  test("takes data by position", async () => {
    const rpc = new RpcClient();
    expect(await rpc.call("proposeBlock", ["YQ=="])).toEqual(success);
    expect(waitingData(rpc)).toBe("a");
  });

  test("takes 1,000,000 bytes, and refuses one more in the peer's words", async () => {
    const rpc = new RpcClient();
    const largest = new Uint8Array(1_000_000).toBase64();
    expect(await rpc.call("proposeBlock", [{ data: largest }])).toEqual(success);
    for (const [bytes, text] of [
      [1_000_001, new Uint8Array(1_000_001).toBase64()],
      [1_500_000, `0x${"00".repeat(1_500_000)}`],
    ] as const) {
      expect(await rpc.call("proposeBlock", [{ data: text }])).toEqual({
        error: {
          code: -32603,
          message: `data ${bytes}-byte exceeds the limit 1000000-byte`,
          data: { code: "data too large", bytes, maxBytes: 1_000_000 },
        },
      });
    }
  });

  test("takes the same data twice, and keeps it once", async () => {
    const rpc = new RpcClient();
    for (let i = 0; i < 2; i++) expect(await rpc.call("proposeBlock", [{ data: "YQ==" }])).toEqual(success);
    expect(rpc.vm.status().mempool.items).toBe(1);
  });

  test("says when the mempool is full, and takes data again when a block took some", async () => {
    const { vm } = startVm({ config: { maxMempoolItems: 4 } });
    const rpc = new RpcClient(vm);
    for (const data of ["YQ==", "Yg=="]) await rpc.call("proposeBlock", [{ data }]);
    expect(await rpc.call("proposeBlock", [{ data: "Yw==" }])).toEqual({
      error: {
        code: -32603,
        message: "mempool full: 2 proposals of 2 bytes are waiting for a block, try again later",
        data: { code: "mempool full", items: 2, bytes: 2 },
      },
    });
    decideNext(vm);
    expect(await rpc.call("proposeBlock", [{ data: "Yw==" }])).toEqual(success);
  });
});

describe("lastAccepted", () => {
  test("is the genesis block, and follows the chain", async () => {
    const rpc = new RpcClient();
    expect(await rpc.call("lastAccepted")).toEqual({ result: { id: genesis.id } });
    propose(rpc.vm, "data");
    const block = decideNext(rpc.vm);
    expect(await rpc.call("lastAccepted", [])).toEqual({ result: { id: block.id } });
  });

  test.each([[[1]], [{}], [{ a: 1 }], [[[]]]])("takes no params: %j", async (params) => {
    expect(await new RpcClient().codeOf("lastAccepted", params)).toBe(-32602);
  });
});

describe("getBlock", () => {
  test("gives all of a block, its numbers exact beyond 2^53", async () => {
    const rpc = new RpcClient(startVm().vm);
    propose(rpc.vm, "data");
    const { id } = decideNext(rpc.vm);
    const text = await rpc.answer(`{"jsonrpc":"2.0","id":1,"method":"getBlock","params":[{"id":"${id}"}]}`);
    expect(text).toBe(
      `{"jsonrpc":"2.0","result":{"block":{"data":"0x64617461","height":1,"parent_id":"${genesis.id}",` +
        '"timestamp":1700000000},"claim":"confirmed","firstSight":{"time":1700000000,' +
        `"node":"${identity.nodeId}","own":true}},"id":1}`,
    );
  });

  test("gives accepted blocks only: a processing one is not found", async () => {
    const { vm } = startVm();
    propose(vm, "data");
    const { id } = vm.verifyBlock(vm.buildBlock().bytes);
    expect(await new RpcClient(vm).call("getBlock", [{ id }])).toEqual({
      error: { code: -32603, message: "not found", data: { code: "unknown block" } },
    });
  });

  test("takes an id by name, and with white space around it, as the peer does", async () => {
    const rpc = new RpcClient();
    const byPosition = await rpc.call("getBlock", [{ id: genesis.id }]);
    expect(byPosition.result).toBeDefined();
    expect(await rpc.call("getBlock", { id: genesis.id })).toEqual(byPosition);
    expect(await rpc.call("getBlock", { id: ` ${genesis.id}\n` })).toEqual(byPosition);
  });

  test.each([
    ["no base58", "0OIl"],
    ["nothing", ""],
    ["a wrong checksum", `${genesis.id.slice(0, -1)}9`],
    ["hex", `0x${"00".repeat(32)}`],
    ["a text too long", "1".repeat(1_000_000)],
  ])("refuses %s as an id, which ends the peer", async (_name, id) => {
    const { error } = await new RpcClient().call("getBlock", [{ id }]);
    expect(error?.code).toBe(-32602);
    expect(error?.message).toStartWith("Invalid params: id must be a block's id: ");
    expect(error?.message.length).toBeLessThan(200);
  });
});

describe("ping", () => {
  test.each([[undefined], [null], [[]]])("answers to params %j", async (params) => {
    expect(await new RpcClient().call("ping", params)).toEqual(success);
  });
});

describe("a broken chain", () => {
  test("is HTTP 500 without a word of why, which is in the log", async () => {
    const rpc = new RpcClient();
    rpc.vm.close();
    const response = await rpc.post(
      '{"jsonrpc":"2.0","id":1,"method":"getBlock","params":[{"id":"11111111111111111111111111111111LpoYY"}]}',
    );
    expect(await response.text()).not.toContain("at ");
    expect([200, 500]).toContain(response.status);
  });
});

test("a block that the node's database does not know yet is shown to nobody: a crash would take it back", async () => {
  const rpc = new RpcClient();
  propose(rpc.vm, "data");
  const block = rpc.vm.verifyBlock(rpc.vm.buildBlock().bytes);
  rpc.vm.acceptBlock(block.id);
  expect(await rpc.call("lastAccepted")).toEqual({ result: { id: genesis.id } });
  expect((await rpc.call("getBlock", [{ id: block.id }])).error?.message).toBe("not found");
  rpc.vm.confirm(block);
  expect(await rpc.call("lastAccepted")).toEqual({ result: { id: block.id } });
  expect((await rpc.call("getBlock", [{ id: block.id }])).result).toBeDefined();
});
