import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { Messenger } from "../../gen/messenger/messenger_pb.ts";
import { Log } from "../../src/log.ts";
import type { ChainVm } from "../../src/rpcchainvm/chain-vm.ts";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { nextEvent } from "../../src/rpcchainvm/next-event.ts";
import { notifyEngine } from "../../src/rpcchainvm/node/messenger.ts";
import { protocolOf } from "../../src/rpcchainvm/protocol.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { errorOf } from "../support/status.ts";

type Waiting = Pick<ChainVm, "waitForEvent">;

/** Fails as it likes when its signal aborts. */
const failing: Waiting = {
  waitForEvent: (signal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("the VM's own")))),
};
const deaf: Waiting = { waitForEvent: () => new Promise(() => {}) };
const ready: Waiting = { waitForEvent: async () => "build block" };

test.each([
  ["fails as it likes", failing],
  ["does not look at its signal", deaf],
])("a VM that %s is left for the reason of the signal", async (_what, vm) => {
  const [call, ended] = [new AbortController(), new AbortController()];
  const waiting = errorOf(nextEvent(vm, [call.signal, ended.signal]));
  ended.abort(new ConnectError("the VM is shut down", Code.Unavailable));
  call.abort(new ConnectError("too late", Code.Canceled));
  expect(await waiting).toMatchObject({ code: Code.Unavailable, rawMessage: "the VM is shut down" });
});

test("a VM is not asked when nobody waits", async () => {
  const asked: AbortSignal[] = [];
  const vm: Waiting = {
    waitForEvent: (signal) => {
      asked.push(signal);
      return ready.waitForEvent(signal);
    },
  };
  await errorOf(nextEvent(vm, [AbortSignal.abort(new Error("gone"))]));
  expect(asked).toEqual([]);
});

test("nothing stays at a signal that lives on", async () => {
  const ended = new AbortController();
  for (const vm of [ready, failing, deaf]) {
    for (let i = 0; i < 1_000; i++) {
      const call = new AbortController();
      const event = nextEvent(vm, [call.signal, ended.signal]).catch(() => {});
      if (vm !== ready) call.abort(new Error("gone"));
      await event;
    }
  }
  expect(getEventListeners(ended.signal, "abort")).toEqual([]);
});

test("until protocol 41 a VM is asked again after a while: when it fails, and when its event is taken or not", async () => {
  const ended = new AbortController();
  const logged: string[] = [];
  const answers = [
    () => {
      throw new TypeError("at once");
    },
    () => Promise.reject("later"),
    ...Array.from({ length: 25 }, () => () => Promise.resolve("build block" as const)),
  ];
  let notified = 0;
  await using peer = await GrpcPeer.listen((router) => {
    router.service(Messenger, {
      notify: () => {
        if (++notified < 4) throw new ConnectError("full message queue", Code.Unknown);
        if (notified === 25) ended.abort(new Error("the end"));
        return {};
      },
    });
  });
  const node = new GrpcClient(peer.address);
  const log = new Log((line) => logged.push(line));
  const begunMs = performance.now();
  const vm: Waiting = { waitForEvent: (signal) => (answers.shift() ?? (() => deaf.waitForEvent(signal)))() };
  await notifyEngine({ vm, node, protocol: protocolOf(41), log, ended: ended.signal });
  node.close();
  expect([answers.length, notified]).toEqual([0, 25]);
  // Five tenths of a second, and 21 hundredths. A busy machine only takes longer.
  expect(performance.now() - begunMs).toBeGreaterThan(650);
  expect(logged.map((line) => JSON.parse(line).error)).toEqual(["TypeError: at once", "later"]);
});
