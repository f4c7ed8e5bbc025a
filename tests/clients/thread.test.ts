import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { SharedFigures } from "../../src/clients/shared.ts";
import {
  ClientThread,
  closeMs,
  firstPauseMs,
  maxAddressWaitMs,
  maxPauseMs,
  maxSilentLooks,
  maxStartLooks,
  steadyMs,
  watchMs,
} from "../../src/clients/thread.ts";
import { defaultConfig } from "../../src/core/config.ts";
import { digestOf } from "../../src/core/digest.ts";
import { Log } from "../../src/log.ts";
import { within } from "../fake-node/deadline.ts";
import { bytesOf, decideNext, propose, startVm } from "../support/chain.ts";
import { FakeClock } from "../support/clock.ts";
import { identity } from "../support/identity.ts";
import { statusOf } from "../support/status.ts";
import { ServedChain } from "./served-chain.ts";

/** Lives, and does nothing. */
const idleThread = "data:text/javascript,setInterval(() => {}, 1000)";
const longPoll = { id: digestOf(bytesOf("nobody stamps this")), waitMs: 25_000 };

describe("a thread that", () => {
  test.concurrent.each(["throw", "reject", "exit", "spin", "parse", "query"])(
    "is ended (%s) fails the calls that are open, and another one serves at the same address",
    async (way) => {
      const clock = new FakeClock();
      await using chain = await ServedChain.start({ entry: "misbehaving", clock });
      await chain.propose("before");
      const polls = Array.from({ length: 20 }, () => statusOf(chain.call("getReceipt", longPoll)));
      await chain.untilWaiting(20);
      const begun = chain.misbehave(way);
      const calls = Array.from({ length: 20 }, (_, i) => statusOf(chain.propose(`meanwhile ${i}`)));
      await begun;
      do {
        clock.advanceMs(watchMs);
        propose(chain.vm, `block ${chain.vm.lastAccepted.height}`);
        decideNext(chain.vm); // consensus waits for nobody
        await setTimeout(1);
      } while (chain.clients.restarts === 0);
      const ended = await within("the open calls", Promise.all([...polls, ...calls]));
      expect(ended.slice(0, polls.length)).not.toContain("OK");
      clock.advanceMs(0);
      await chain.untilServed();
      const { height } = chain.vm.lastAccepted;
      expect(height).toBeGreaterThan(0n);
      expect((await chain.call("getStatus")).lastAccepted).toMatchObject({ height: Number(height) });
      expect(await chain.propose("afterwards")).toEqual({ success: true });
      expect(chain.clients.head.waiting).toBe(0);
      expect(chain.logged).toEqual([expect.stringContaining(`"event":"clients' thread started again"`)]);
      expect(chain.logged[0]).toContain('"pauseMs":0,"restarts":1');
    },
  );

  test.each(["spin", "parse", "query"])("is stuck (%s) holds up the end of the chain by so many ms", async (way) => {
    const clock = new FakeClock();
    await using chain = await ServedChain.start({ entry: "misbehaving", clock });
    await chain.misbehave(way);
    const closed = chain.clients.close();
    clock.advanceMs(closeMs);
    await within("the end", closed);
  });

  test("dies when its proposal is on disk leaves that there once, and the client hears of an error", async () => {
    await using chain = await ServedChain.start({ entry: "misbehaving" });
    const { propose } = chain.vm;
    chain.vm.propose = (batch) => {
      void chain.misbehave("exit"); // before the answer is on its way
      return propose.call(chain.vm, batch);
    };
    expect(await statusOf(chain.propose("data"))).not.toBe("OK");
    chain.vm.propose = propose;
    await chain.untilServed();
    expect(chain.vm.status().mempool.items).toBe(1);
    expect(await chain.propose("data")).toEqual({ success: true });
    expect(chain.vm.status().mempool.items).toBe(1);
  });
});

describe("starts that fail", () => {
  /** A thread that cannot be started, and the pauses that the log names. */
  function startNone() {
    const clock = new FakeClock();
    const pauses: number[] = [];
    const workers: Worker[] = [];
    let isBroken = true;
    const createWorker = () => {
      if (isBroken) throw new Error("no thread to be had");
      const worker = new Worker(idleThread);
      workers.push(worker);
      return worker;
    };
    const mayStart = () => {
      isBroken = false;
    };
    const log = new Log((line) => pauses.push(JSON.parse(line).pauseMs));
    const clients = new ClientThread({ createWorker, clock, log, figures: new SharedFigures() });
    return { clock, pauses, workers, mayStart, clients };
  }

  test("come in pauses that grow up to a limit, each with a line in the log", async () => {
    const { clock, pauses, clients } = startNone();
    for (let i = 0; i < 11; i++) clock.advanceMs(maxPauseMs);
    await clients.close();
    const grown = Array.from({ length: 7 }, (_, i) => firstPauseMs * 2 ** i);
    expect(pauses.slice(0, 10)).toEqual([0, ...grown, maxPauseMs, maxPauseMs]);
  });

  test("are forgotten when a thread has lived for long: the next one comes at once", async () => {
    const { clock, pauses, clients, workers, mayStart } = startNone();
    for (let i = 0; i < 5; i++) clock.advanceMs(maxPauseMs);
    mayStart();
    clock.advanceMs(maxPauseMs);
    clock.advanceMs(steadyMs);
    const failed = pauses.length;
    workers[0]?.terminate();
    await within(
      "its end",
      (async () => {
        while (pauses.length === failed) await setTimeout(1);
      })(),
    );
    expect(pauses.at(-1)).toBe(0);
    await clients.close();
  });

  test("end with the chain", async () => {
    const { clock, pauses, clients } = startNone();
    await clients.close();
    clock.advanceMs(10 * maxPauseMs);
    expect(pauses).toEqual([0]);
  });

  test("leave the node with an address at which clients are served later", async () => {
    const clock = new FakeClock();
    let mayStart = false;
    let starts = 0;
    const starting = ServedChain.start({
      clock,
      beforeStart: () => {
        starts++;
        if (!mayStart) throw new Error("not yet");
      },
      onServe: () => clock.advanceMs(maxAddressWaitMs),
    });
    await using chain = await starting;
    expect(await statusOf(chain.call("ping"))).toBe("Unavailable");
    mayStart = true;
    const before = starts;
    clock.advanceMs(maxPauseMs);
    await chain.untilServed();
    expect(starts - before, "one thread, and no other beside it").toBe(1);
  });
});

describe("a thread is taken for stuck", () => {
  test("when it has not moved for so many looks, and not one earlier", async () => {
    const clock = new FakeClock();
    await using chain = await ServedChain.start({ entry: "misbehaving", clock });
    await chain.misbehave("spin");
    clock.advanceMs(watchMs); // takes note of the last beat
    clock.advanceMs(maxSilentLooks * watchMs);
    expect(chain.clients.restarts).toBe(0);
    clock.advanceMs(watchMs);
    expect(chain.clients.restarts).toBe(1);
    clock.advanceMs(0);
    await chain.untilServed();
  });

  test("never while it moves, however rarely it is looked at", async () => {
    const clock = new FakeClock();
    await using chain = await ServedChain.start({ clock });
    for (let i = 0; i < 10; i++) {
      chain.clients.head.beat();
      clock.advanceMs(maxSilentLooks * watchMs);
    }
    expect(chain.clients.restarts).toBe(0);
    expect(await chain.call("ping")).toEqual({ success: true });
  });

  test("when it does not come up in time, and is left alone until then", async () => {
    const clock = new FakeClock();
    const figures = new SharedFigures();
    const createWorker = () => new Worker(idleThread);
    const clients = new ClientThread({ createWorker, clock, log: new Log(() => {}), figures });
    clock.advanceMs(10 * maxStartLooks * watchMs); // the chain may take long to open
    expect(clients.restarts).toBe(0);
    const { vm } = startVm();
    void clients.serve({ chain: vm, file: "nowhere", identity, config: defaultConfig });
    clock.advanceMs(maxStartLooks * watchMs);
    const before = clients.restarts;
    clock.advanceMs(watchMs);
    expect(clients.restarts - before).toBe(1);
    clock.advanceMs(maxPauseMs); // the next one is there, and does not close anything either
    const closed = clients.close();
    clock.advanceMs(closeMs);
    await closed;
  });
});

test("a thread waits for its port until the one before it, or whoever has it, lets go of it", async () => {
  const clock = new FakeClock();
  await using chain = await ServedChain.start({ entry: "misbehaving", clock });
  void chain.misbehave("exit");
  await chain.until("its end", () => chain.clients.restarts === 1);
  const other = createServer().listen(Number(chain.address.split(":")[1]), "127.0.0.1");
  await once(other, "listening");
  clock.advanceMs(0);
  await setTimeout(300);
  other.close();
  await chain.untilServed();
  expect(chain.clients.restarts).toBe(1);
});

test("the file is closed by the reader before it is by the writer: no log is left behind", async () => {
  const chain = await ServedChain.start({ clock: new FakeClock() }); // whose deadline does not pass
  await chain.propose("data");
  decideNext(chain.vm);
  await chain.call("lastAccepted");
  await chain.clients.close();
  chain.vm.close();
  expect(existsSync(chain.file)).toBe(true);
  expect(existsSync(`${chain.file}-wal`)).toBe(false);
});

test("who waits when the chain is shut down is told so", async () => {
  const chain = await ServedChain.start({ clock: new FakeClock() }); // whose deadline does not pass
  const waiting = chain.call("getReceipt", longPoll).catch((error: Error) => error.message);
  await chain.untilWaiting(1);
  await chain.clients.close();
  expect(await waiting).toBe("the VM is shut down");
  await chain[Symbol.asyncDispose]();
});
