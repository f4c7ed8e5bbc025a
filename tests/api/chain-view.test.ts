import { describe, expect, test } from "bun:test";
import { createApi } from "../../src/api/app.ts";
import { Turns } from "../../src/api/turns.ts";
import { digestOf } from "../../src/core/digest.ts";
import { createExplorer } from "../../src/explorer/explorer.tsx";
import { Log } from "../../src/log.ts";
import type { ChainView } from "../../src/vm/chain-view.ts";
import { senderOf } from "../support/caller.ts";
import { bytesOf, decideNext, startVm } from "../support/chain.ts";
import { identity } from "../support/identity.ts";

/** A chain of which all but its confirmed blocks comes by promises, as from another thread. */
function startFar() {
  const { vm } = startVm({ config: { maxMempoolItems: 4 } });
  const view: ChainView = {
    confirmed: vm.confirmed,
    receiptOf: async (digest) => vm.receiptOf(digest),
    status: async () => vm.status(),
  };
  const log = new Log(() => {});
  const explorer = createExplorer(view, identity);
  const turns = new Turns();
  const api = createApi({
    view,
    propose: async (batch) => vm.propose(batch),
    identity,
    explorer,
    log,
    turns,
  });
  const call = async (method: string, params?: object) => {
    const body = bytesOf(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    const { result, error } = JSON.parse((await api.answerRpc(body, senderOf())) ?? "");
    return result ?? error.message;
  };
  const page = async (query: string) =>
    (await api.fetch(new Request(`http://chain/explorer${query}`), senderOf())).text();
  return { vm, call, page };
}

describe("of a chain that is elsewhere", () => {
  test("a stamp is waited for and shown", async () => {
    const { vm, call, page } = startFar();
    const id = digestOf(bytesOf("far"));
    expect(await page(`?digest=${id}`)).toContain("Not stamped yet");
    expect(await call("stamp", { data: "0x666172" })).toEqual({ id: `0x${id}`, status: "pending" });
    expect(await page(`?digest=${id}`)).toContain("It waits for a block on this node.");
    expect(await call("getStatus", {})).toMatchObject({ mempool: { count: 1, bytes: 3 } });
    const waiting = call("getReceipt", { id, waitMs: 25_000 });
    const block = decideNext(vm);
    expect(await waiting).toMatchObject({ status: "accepted", block: { id: block.id } });
    expect(await call("stamp", { data: "0x666172" })).toMatchObject({ status: "accepted", block: { id: block.id } });
    expect(await page(`?digest=${id}`)).toContain("First stamped");
  });

  test("each proposal is refused for itself, and all of them when nothing can be proposed", async () => {
    const { vm, call } = startFar();
    const outcomes = await Promise.all(["YQ==", "Yg==", "Yw=="].map((data) => call("proposeBlock", { data })));
    expect(outcomes).toEqual([
      { success: true },
      { success: true },
      "mempool full: 2 proposals of 2 bytes are waiting for a block, try again later",
    ]);
    vm.close();
    expect(await call("proposeBlock", { data: "ZA==" })).toBe("the VM is shut down");
  });
});
