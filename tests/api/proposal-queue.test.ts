import { describe, expect, spyOn, test } from "bun:test";
import { maxCommitBytes, maxCommitItems, ProposalQueue } from "../../src/api/proposal-queue.ts";
import { Vm } from "../../src/vm/vm.ts";
import { bytesOf, startVm } from "../support/chain.ts";
import { pragmaOf, withConnection } from "../support/database.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { countTurns } from "../support/turns.ts";
import { RpcClient, success } from "./rpc.ts";

const propose = (rpc: RpcClient, text: string) => rpc.call("proposeBlock", { data: bytesOf(text).toBase64() });

describe("proposals that come together", () => {
  test("share one commit, and each is answered", async () => {
    const rpc = new RpcClient();
    const commits = spyOn(rpc.vm, "propose");
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => propose(rpc, `${i % 40}`)));
    expect(answers).toEqual(Array(50).fill(success));
    expect(commits.mock.calls.map(([batch]) => batch.length)).toEqual([50]);
    expect(rpc.vm.status().mempool.items).toBe(40);
  });

  test("are more than one commit when they are very many, each in a turn of its own", async () => {
    const rpc = new RpcClient();
    const commits = spyOn(rpc.vm, "propose");
    const count = 2 * maxCommitItems + 1;
    const turns = await countTurns(() => Promise.all(Array.from({ length: count }, (_, i) => propose(rpc, `${i}`))));
    expect(commits.mock.calls.map(([batch]) => batch.length)).toEqual([maxCommitItems, maxCommitItems, 1]);
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(rpc.vm.status().mempool.items).toBe(count);
    expect(await propose(rpc, "later")).toEqual(success);
  });

  test("are more than one commit when they are very large, but for a first one of any size", async () => {
    const { vm } = startVm();
    const queue = new ProposalQueue((batch) => vm.propose(batch));
    const commits = spyOn(Vm.prototype, "propose");
    const half = maxCommitBytes / 2;
    const sizes = [half, half, 1, maxCommitBytes + 1, 1];
    const answers = sizes.map((size) => queue.propose(new Uint8Array(size), "caller"));
    await Promise.allSettled(answers);
    expect(commits.mock.calls.map(([batch]) => batch.map(({ data }) => data.length))).toEqual([
      [half, half],
      [1],
      [maxCommitBytes + 1],
      [1],
    ]);
    commits.mockRestore();
  });

  test("are refused one by one", async () => {
    const rpc = new RpcClient(startVm({ config: { maxMempoolItems: 4 } }).vm);
    const answers = await Promise.all(["a", "b", "c", "a"].map((text) => propose(rpc, text)));
    expect(answers.map(({ error }) => error?.message)).toEqual([
      ...[undefined, undefined],
      "mempool full: 2 proposals of 2 bytes are waiting for a block, try again later",
      undefined,
    ]);
  });

  test("in a batch of requests share it too, and the answers keep their order", async () => {
    const rpc = new RpcClient();
    const commits = spyOn(rpc.vm, "propose");
    const request = (id: number, method: string, data?: string) =>
      JSON.stringify({ jsonrpc: "2.0", id, method, ...(data !== undefined && { params: { data } }) });
    const batch = [request(1, "proposeBlock", "YQ=="), request(2, "ping"), request(3, "proposeBlock", "Yg==")];
    const notification = '{"jsonrpc":"2.0","method":"proposeBlock","params":{"data":"Yw=="}}';
    const answers = JSON.parse((await rpc.answer(`[${[...batch, notification]}]`)) ?? "");
    expect(answers).toEqual([1, 2, 3].map((id) => ({ jsonrpc: "2.0", ...success, id })));
    expect(commits).toHaveBeenCalledTimes(1);
    expect(rpc.vm.status().mempool.items).toBe(3);
  });
});

test("what the disk does not take is answered with an error to all, and nothing is taken", async () => {
  using directory = temporaryDirectory();
  const { opened, connection } = withConnection(() => startVm({ file: directory.file("chain.db") }));
  const rpc = new RpcClient(opened.vm);
  pragmaOf(connection, `max_page_count = ${pragmaOf(connection, "page_count")}`);
  const answers = await Promise.all(["x", "y"].map((text) => propose(rpc, text.repeat(100_000))));
  expect(answers.map(({ error }) => error?.code)).toEqual([-32603, -32603]);
  expect(answers[0]?.error?.message).toContain("free some disk space");
  expect(answers[0]?.error?.data).toEqual({
    code: "database failed",
    problem: "database or disk is full",
    cure: "free some disk space and start the node again",
  });
  expect(rpc.vm.status().mempool.items).toBe(0);
  pragmaOf(connection, "max_page_count = 1000000");
  expect(await propose(rpc, "x".repeat(100_000))).toEqual(success);
  rpc.vm.close();
});

test("a proposal is answered only when it is on disk", async () => {
  using directory = temporaryDirectory();
  const file = directory.file("chain.db");
  const { vm } = startVm({ file });
  const takeProposals = vm.propose;
  let isTaken = false;
  vm.propose = (batch) => {
    const refusals = takeProposals.call(vm, batch);
    isTaken = true;
    return refusals;
  };
  const answer = propose(new RpcClient(vm), "a");
  await Promise.resolve();
  expect(isTaken).toBeFalse();
  expect(await answer).toEqual(success);
  expect(isTaken).toBeTrue();
  vm.close();
  expect(startVm({ file }).vm.status().mempool.items).toBe(1);
});
