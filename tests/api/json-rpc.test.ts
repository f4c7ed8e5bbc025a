import { describe, expect, spyOn, test } from "bun:test";
import { maxBatchAnswerLength, smallAnswerLength } from "../../src/api/batch.ts";
import { answerJsonRpc, maxBatchRequests, maxValues } from "../../src/api/json-rpc.ts";
import { maxIdLength } from "../../src/api/request.ts";
import type { Caller } from "../../src/vm/caller.ts";
import { methodsOf, viewOf } from "../support/api.ts";
import { callerOf, slowTurns } from "../support/caller.ts";
import { acceptAll, chainOn, decideNext, genesis, propose, startVm } from "../support/chain.ts";
import { countTurns } from "../support/turns.ts";
import { RpcClient } from "./rpc.ts";

const parseError = '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}';

function request(id: string, method = '"ping"', rest = ""): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${method}${rest}}`;
}

describe("an id", () => {
  test.each([
    "0",
    "-0",
    "1.0",
    "1e3",
    "1E400",
    "0.1",
    "9007199254740993",
    "18446744073709551615",
    "-99999999999999999999999999999999",
    "null",
    '""',
    '"a\\u0000\\ud83d\\ude00"',
    '"__proto__"',
  ])("%s is echoed as it was written", async (id) => {
    const answer = await new RpcClient().answer(request(id));
    const echoed = id.startsWith('"') ? JSON.stringify(JSON.parse(id)) : id;
    expect(answer).toBe(`{"jsonrpc":"2.0","result":{"success":true},"id":${echoed}}`);
  });

  test.each(["[1]", "{}", "true", "false", '{"__proto__":1}'])("%s is no id: an invalid request", async (id) => {
    expect(await new RpcClient().answer(request(id))).toBe(
      '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}',
    );
  });

  test("of a request that is invalid is echoed when it is one", async () => {
    expect(await new RpcClient().answer('{"id":18446744073709551615}')).toBe(
      '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":18446744073709551615}',
    );
  });

  test.each([
    ["text", (length: number) => JSON.stringify("x".repeat(length))],
    ["digits", (length: number) => "9".repeat(length)],
  ])("of %s has a limit, since it is kept while its request waits", async (_what, idOf) => {
    const [longest, longer] = [idOf(maxIdLength), idOf(maxIdLength + 1)];
    expect(await new RpcClient().answer(request(longest))).toEndWith(`"id":${longest}}`);
    expect(JSON.parse((await new RpcClient().answer(request(longer))) ?? "")).toMatchObject({
      error: { code: -32600 },
      id: null,
    });
  });
});

describe("an invalid request", () => {
  test.each([
    "5",
    '"text"',
    "null",
    "true",
    "{}",
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"method":null}',
    '{"jsonrpc":"2.0","id":1,"method":["ping"]}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":5}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}',
    '{"jsonrpc":"2.0","id":1,"method":"getStatus","params":1.0}',
    '{"id":1,"method":"ping"}',
    '{"JSONRPC":"2.0","id":1,"method":"ping"}',
    '{"__proto__":{"jsonrpc":"2.0","method":"ping"},"id":1}',
  ])("%s: -32600", async (text) => {
    const answer = JSON.parse((await new RpcClient().answer(text)) ?? "");
    expect(answer.error.code).toBe(-32600);
  });

  test.each(["{", "[", "", " ", "ping", "{}{}", "[1,]", "NaN", '{"id":01}', "\u0000"])("%p: -32700", async (text) => {
    expect(await new RpcClient().answer(text)).toBe(parseError);
  });
});

describe("a method", () => {
  const names = [
    "nope",
    "",
    "timestampvm.",
    "timestampvm.nope",
    "timestampvm.timestampvm.ping",
    "Ping",
    "ping ",
    "rpc.nothing",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "timestampvm.__proto__",
    "timestampvm.constructor",
  ];
  test.each(names)("%p is not found", async (method) => {
    expect(await new RpcClient().call(method)).toEqual({ error: { code: -32601, message: "Method not found" } });
  });

  test.each(["ping", "lastAccepted", "getBlock", "proposeBlock"])(
    "%s answers to its long name as well",
    async (name) => {
      const rpc = new RpcClient();
      const paramsOf: Record<string, object> = {
        getBlock: [{ id: rpc.vm.lastAccepted.id }],
        proposeBlock: [{ data: "" }],
      };
      const params = paramsOf[name];
      expect(await rpc.call(`timestampvm.${name}`, params)).toEqual(await rpc.call(name, params));
      expect(await rpc.codeOf(name, params)).toBeUndefined();
    },
  );
});

describe("a notification", () => {
  test("is carried out and not answered", async () => {
    const rpc = new RpcClient();
    const text = '{"jsonrpc":"2.0","method":"proposeBlock","params":[{"data":"YQ=="}]}';
    expect(await rpc.answer(text)).toBeUndefined();
    expect(rpc.vm.status().mempool.items).toBe(1);
  });

  test.each([
    '{"jsonrpc":"2.0","method":"nope"}',
    '{"jsonrpc":"2.0","method":"getBlock"}',
    '{"jsonrpc":"2.0","method":"getBlock","params":[{"id":"x"}]}',
  ])("that fails is not answered either: %s", async (text) => {
    expect(await new RpcClient().answer(text)).toBeUndefined();
  });
});

describe("a batch", () => {
  const notification = '{"jsonrpc":"2.0","method":"ping"}';

  test("is answered in its order; what is no request in it has its own error", async () => {
    const answer = await new RpcClient().answer(`[${request("1")},5,${notification},${request('"b"', '"nope"')},[]]`);
    expect(answer).toBe(
      '[{"jsonrpc":"2.0","result":{"success":true},"id":1},' +
        '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null},' +
        '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"b"},' +
        '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}]',
    );
  });

  test("of one is answered with an array", async () => {
    expect(await new RpcClient().answer(`[${request("1")}]`)).toStartWith('[{"jsonrpc"');
  });

  test("of notifications is carried out and not answered", async () => {
    const rpc = new RpcClient();
    const propose = '{"jsonrpc":"2.0","method":"proposeBlock","params":[{"data":"YQ=="}]}';
    expect(await rpc.answer(`[${propose},${notification}]`)).toBeUndefined();
    expect(rpc.vm.status().mempool.items).toBe(1);
  });

  test("that is empty is one invalid request", async () => {
    expect(JSON.parse((await new RpcClient().answer("[]")) ?? "")).toMatchObject({ error: { code: -32600 }, id: null });
  });

  test("of the limit is answered, of one more refused as a whole", async () => {
    const rpc = new RpcClient();
    const requests = Array.from({ length: maxBatchRequests }, (_, i) => request(String(i)));
    expect(JSON.parse((await rpc.answer(`[${requests}]`)) ?? "")).toHaveLength(maxBatchRequests);
    const refused = JSON.parse((await rpc.answer(`[${requests},${request("100")}]`)) ?? "");
    expect(refused).toMatchObject({ error: { code: -32600 }, id: null });
    expect(refused.error.message).toContain(String(maxBatchRequests));
  });

  test("with too large answers: the first ones are given, the rest refused, none forgotten", async () => {
    const { vm } = startVm();
    propose(vm, new Uint8Array(1_000_000));
    const { id } = decideNext(vm);
    const requests = Array.from({ length: 20 }, (_, i) => request(`${i}`, '"getBlock"', `,"params":[{"id":"${id}"}]`));
    const answers = JSON.parse((await new RpcClient(vm).answer(`[${requests}]`)) ?? "");
    const results = answers.filter((answer: { result?: unknown }) => answer.result !== undefined);
    expect(answers.map((answer: { id: number }) => answer.id)).toEqual(requests.map((_, i) => i));
    // A block of 1 MB is 2 MB of hex; the answer that crosses the limit is the last one.
    expect(results).toHaveLength(Math.ceil(maxBatchAnswerLength / 2_000_200));
    expect(answers.at(-1).error.message).toBe("the answers to this batch are too large");
  });
});

describe("a batch that is too large to be answered", () => {
  const large = new Uint8Array(1_000_000);
  const tooLarge = {
    code: -32603,
    message: "the answers to this batch are too large",
    data: { code: "answers too large" },
  };

  function expectFirstResults(text = "", most: number): void {
    const answers = JSON.parse(text) as { id: number; error?: { message: string } }[];
    expect(answers.map(({ id }) => id)).toEqual([...Array(20).keys()]);
    const refused = answers.filter(({ error }) => error !== undefined);
    expect(answers.length - refused.length).toBe(most);
    for (const { error } of refused) expect(error?.message).toBe("the answers to this batch are too large");
  }

  test.each(["getBlocks", "find", "getProof"])("of many %s gives the first ones, and no more", async (method) => {
    const { vm } = startVm();
    propose(vm, large);
    const { id } = decideNext(vm);
    const digest = new Bun.CryptoHasher("sha256").update(large).digest("hex");
    const params = { getBlocks: { from: 1, limit: 1 }, find: { digest }, getProof: { id } }[method];
    const requests = Array.from({ length: 20 }, (_, i) =>
      request(`${i}`, `"${method}"`, `,"params":${JSON.stringify(params)}`),
    );
    // A block of 1 MB is 2 MB of hex, and its bytes, in a proof, are 4 MB.
    const most = Math.ceil(maxBatchAnswerLength / (method === "getProof" ? 4_000_500 : 2_000_200));
    expectFirstResults(await new RpcClient(vm).answer(`[${requests}]`), most);
  });

  test("of pages that were waited for gives the first ones, and reads no more", async () => {
    const { vm } = startVm();
    const requests = Array.from({ length: 20 }, (_, i) =>
      request(`${i}`, '"getBlocks"', ',"params":{"from":1,"order":"ascending","waitMs":20000}'),
    );
    const answering = new RpcClient(vm).answer(`[${requests}]`);
    while (viewOf(vm).confirmed.waiting < requests.length) await new Promise(setImmediate);
    using read = spyOn(viewOf(vm).confirmed, "blocksFrom");
    propose(vm, large);
    decideNext(vm);
    const most = Math.ceil(maxBatchAnswerLength / 2_000_200);
    expectFirstResults(await answering, most);
    expect(read.mock.calls.length).toBe(most + 1); // one is the confirmation's own
  });

  test("of notifications is given up as one of calls, though nothing of it is sent", async () => {
    const { vm } = startVm();
    propose(vm, large);
    const { id } = decideNext(vm);
    using read = spyOn(viewOf(vm).confirmed, "blocksFrom");
    const proof = JSON.stringify({ jsonrpc: "2.0", method: "getProof", params: { id } });
    const text = await new RpcClient(vm).answer(`[${Array(100).fill(proof)}]`);
    expect(text).toBeUndefined();
    expect(read.mock.calls.length).toBe(Math.ceil(maxBatchAnswerLength / 4_000_500));
  });

  test("for which there is no room is not begun: nothing of it is done", async () => {
    const { vm } = startVm();
    const refusing: Caller = { ...callerOf(), holdAnswer: () => false };
    const proposal = request("0", '"proposeBlock"', ',"params":{"data":"YQ=="}');
    const answer = await answerJsonRpc(methodsOf(vm), `[${proposal},${proposal}]`, refusing);
    expect(JSON.parse(answer ?? "")).toEqual({
      jsonrpc: "2.0",
      error: {
        code: -32603,
        message: "too many answers wait to be fetched, try again later: nothing was done",
        data: { code: "too many answers" },
      },
      id: null,
    });
    expect(vm.status().mempool.items).toBe(0);
  });

  test("gives what is small, and refuses what there is no room for, whatever was done before", async () => {
    const { vm } = startVm();
    propose(vm, large);
    const { id } = decideNext(vm);
    const held: number[] = [];
    const holdAnswer = (bytes: number) => held.push(bytes) === 1;
    const caller: Caller = { ...callerOf(), holdAnswer, until: () => caller };
    const proposal = request("0", '"proposeBlock"', ',"params":{"data":"YQ=="}');
    const read = request("1", '"getBlock"', `,"params":{"id":"${id}"}`);
    const text = await answerJsonRpc(methodsOf(vm), `[${proposal},${read}]`, caller);
    expect(JSON.parse(text ?? "")).toEqual([
      { jsonrpc: "2.0", result: { success: true }, id: 0 },
      { jsonrpc: "2.0", error: tooLarge, id: 1 },
    ]);
    expect(held).toEqual([2 * smallAnswerLength, expect.any(Number)]);
  });

  test("says what it took: a proposal that was begun before", async () => {
    const { vm } = startVm();
    propose(vm, large);
    const { id } = decideNext(vm);
    const proposal = request("0", '"proposeBlock"', ',"params":{"data":"YQ=="}');
    const reads = Array.from({ length: 9 }, (_, i) => request(`${i + 1}`, '"getBlock"', `,"params":{"id":"${id}"}`));
    const late = request("10", '"proposeBlock"', ',"params":{"data":"Yg=="}');
    const answers = JSON.parse((await new RpcClient(vm).answer(`[${[proposal, ...reads, late]}]`)) ?? "");
    expect(answers[0]).toEqual({ jsonrpc: "2.0", result: { success: true }, id: 0 });
    expect(answers[10].error.code).toBe(-32603);
    expect(vm.status().mempool.items).toBe(1);
  });

  test("has an answer for what is no request", async () => {
    const { vm } = startVm();
    propose(vm, large);
    const { id } = decideNext(vm);
    const reads = Array.from({ length: 9 }, (_, i) => request(`${i}`, '"getBlock"', `,"params":{"id":"${id}"}`));
    const notification = '{"jsonrpc":"2.0","method":"ping"}';
    const answers = JSON.parse((await new RpcClient(vm).answer(`[${reads},${notification},5]`)) ?? "");
    expect(answers).toHaveLength(10);
    expect(answers[9]).toMatchObject({ id: null, error: { code: -32603 } });
  });
});

describe("a batch leaves turns of the event loop to others", () => {
  const batchOf = (count: number, method: string, params: object) =>
    `[${Array(count).fill(JSON.stringify({ jsonrpc: "2.0", method, params }))}]`;

  test("one for each page or proof, also where no answer is wanted", async () => {
    const { vm } = startVm();
    acceptAll(vm, chainOn(genesis, 100));
    const rpc = new RpcClient(vm);
    for (const [method, params] of [
      ["getBlocks", { limit: 100 }],
      ["find", { data: "0x00" }],
      ["getProof", { id: genesis.id }],
    ] as const) {
      expect(await countTurns(() => rpc.answer(batchOf(50, method, params)))).toBeGreaterThanOrEqual(49);
    }
  });

  test("and after some milliseconds of anything else", async () => {
    const { vm } = startVm();
    propose(vm, "data");
    const { id } = decideNext(vm);
    const turns = await countTurns(() => new RpcClient(vm, slowTurns()).answer(batchOf(50, "getBlock", { id })));
    expect(turns).toBeGreaterThanOrEqual(49);
  });

  test("but proposals of one batch share a commit", async () => {
    const { vm } = startVm();
    using commits = spyOn(vm, "propose");
    const requests = Array.from({ length: 20 }, (_, i) =>
      request(`${i}`, '"proposeBlock"', `,"params":{"data":"0x${String(i).padStart(2, "0")}"}`),
    );
    await new RpcClient(vm).answer(`[${requests}]`);
    expect(commits.mock.calls.length).toBeLessThan(20);
    expect(vm.status().mempool.items).toBe(20);
  });
});

describe("a hostile request is answered in time", () => {
  const four = 4 * 1024 * 1024;
  const rows: [string, string][] = [
    ["4 MiB of [", "[".repeat(four)],
    ["4 MiB of nested arrays", `${"[".repeat(four / 2)}${"]".repeat(four / 2)}`],
    ["4 MiB of nested objects", `${'{"a":'.repeat(four / 6)}1${"}".repeat(four / 6)}`],
    ["4 MiB of [1,1,…", `[1${",1".repeat(four / 2 - 2)}]`],
    ["4 MiB of one number", "9".repeat(four)],
    ["4 MiB of numbers as params", `${request("1")},"params":[1${",1".repeat(four / 2 - 100)}]}`],
    ["params of 100,000 levels", request("1", '"ping"', `,"params":${"[".repeat(100_000)}${"]".repeat(100_000)}`)],
    ["a million keys", `{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":1`).join()}}`],
    ["an id of 4 MiB of digits", request("1".repeat(four - 100))],
  ];
  test.each(rows)("%s", async (_name, text) => {
    const rpc = new RpcClient();
    const answer = (await rpc.answer(text)) ?? "";
    const [one] = [JSON.parse(answer)].flat();
    expect(one.jsonrpc).toBe("2.0");
    expect(answer.length).toBeLessThan(text.length + 200);
    expect(rpc.logged).toEqual([]);
  });

  test("more values than any request needs are refused before they are parsed", async () => {
    const rpc = new RpcClient();
    using parse = spyOn(JSON, "parse");
    const values = (count: number) => `[${"1,".repeat(count - 2)}1]`; // a bracket and the commas
    const refused = await rpc.answer(request("-1", '"ping"', `,"params":${values(maxValues)}`));
    expect(refused).toContain("Invalid Request: more than 10000 values");
    expect(parse).not.toHaveBeenCalled();
    const taken = await rpc.answer(request("-1", '"ping"', `,"params":${values(maxValues - 8)}`));
    expect(taken).toContain("Invalid params");
  });

  test("digits that no parameter can have are not read", async () => {
    using read = spyOn(globalThis, "BigInt");
    const rpc = new RpcClient();
    const answer = await rpc.answer(
      request("1", '"getBlockByHeight"', `,"params":{"height":${"9".repeat(4_000_000)}}`),
    );
    expect(answer).toContain("height must be a whole number");
    for (const [digits] of read.mock.calls) expect(String(digits).length).toBeLessThanOrEqual(20);
  });

  test("prototypes stay as they are", async () => {
    const rpc = new RpcClient();
    await rpc.answer('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"jsonrpc":"2.0","id":1}');
    await rpc.call("getBlock", [JSON.parse('{"__proto__":{"id":"x"}}')]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("an id in a prototype is none", async () => {
    const { vm } = startVm();
    propose(vm, "x");
    const text = `{"jsonrpc":"2.0","id":1,"method":"getBlock","params":[{"__proto__":{"id":"${vm.lastAccepted.id}"}}]}`;
    expect(JSON.parse((await new RpcClient(vm).answer(text)) ?? "").error.code).toBe(-32602);
  });
});
