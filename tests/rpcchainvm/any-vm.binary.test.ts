import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Code } from "@connectrpc/connect";
import { State } from "../../gen/vm/vm_pb.ts";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { within } from "../fake-node/deadline.ts";
import { FakeNode } from "../fake-node/fake-node.ts";
import type { Plugin } from "../fake-node/plugin.ts";
import { has, newestProtocol, waysOf } from "../fake-node/protocols.ts";
import { bytesOf } from "../support/chain.ts";
import { Lanes } from "../support/lanes.ts";
import { errorOf, statusOf } from "../support/status.ts";

const anyVm = [process.execPath, fileURLToPath(new URL("../support/any-vm.ts", import.meta.url))];
/** Each test is a handful of processes. */
const lanes = new Lanes(4);
/** Those that brought something to what timestampvm does not use. */
const protocols = [16, 19, 20, 21, 22, 23, 30, 31, 32, 33, 34, 35, 36, 41, 42, newestProtocol];

function nodeOf(kind: string, protocol: number, name = "any"): FakeNode {
  return new FakeNode({ protocol, command: [...anyVm, kind, name], name, genesisBytes: new Uint8Array() });
}

/** Runs `run` with a plugin of a VM of this kind that is not initialized. */
function withPlugin(kind: string, protocol: number, run: (plugin: Plugin, node: FakeNode) => Promise<void>) {
  return lanes.run(async () => {
    await using node = nodeOf(kind, protocol);
    await run(await node.startPlugin(), node);
  });
}

/** What the VM answers a client. */
async function ask(plugin: Plugin, what: string, body: Uint8Array<ArrayBuffer> = new Uint8Array()): Promise<string> {
  const { status, text } = await plugin.ask({ method: "POST", url: `/ext/bc/any/do?${what}`, body });
  expect(status).toBe(200);
  return text;
}

const askForBlock = async (plugin: Plugin) => void (await ask(plugin, "build"));

const alice = new Uint8Array(20).fill(1);
const bob = new Uint8Array(20).fill(2);
const aliceId = nodeIdFromBytes(alice);
const past = { seconds: 1n };
const never = { seconds: 253_402_300_799n };

describe.each(["plain", "own address"])("a VM that is %s", (kind) => {
  test.concurrent.each([16, 35, newestProtocol])("protocol %d: has a life", async (protocol) => {
    await using node = nodeOf(kind, protocol);
    expect((await lanes.run(() => node.leadLife(askForBlock))).height).toBe(2n);
  });
});

/** Each but the newest has other numbers for errors than those before. */
test.concurrent.each([16, 28, 35, newestProtocol])("protocol %d: a VM without what it need not have", (protocol) =>
  withPlugin("plain", protocol, async (plugin, node) => {
    const { vm } = plugin;
    await plugin.start();
    expect(await vm.stateSyncEnabled({})).toMatchObject({ enabled: false, err: 0 });
    for (const call of [
      vm.getOngoingSyncStateSummary({}),
      vm.getLastStateSummary({}),
      vm.parseStateSummary({ bytes: bytesOf("static 9") }),
      vm.getStateSummary({ height: 9n }),
      vm.stateSummaryAccept({ bytes: bytesOf("static 9") }),
    ])
      expect(await call).toMatchObject({ err: 2 });
    await hearPeers(plugin);
    expect(node.messages.answers.all).toEqual([]);
    expect(new TextDecoder().decode((await vm.health({})).details)).toBe("{}");
    expect((await vm.gather({})).metricFamilies.map(({ name }) => name)).toContain("process_cpu_seconds_total");
    expect(await errorsOf(plugin)).toEqual([]);
  }),
);

test.concurrent.each(protocols)("protocol %d: a VM with everything", (protocol) =>
  withPlugin("everything", protocol, async (plugin, node) => {
    const { vm } = plugin;
    await hearPeers(plugin);
    expect(await vm.stateSyncEnabled({})).toMatchObject({ enabled: false });
    expect((await vm.createHandlers({})).handlers).toEqual([]);
    expect(await statusOf(vm.health({}))).toBe("FailedPrecondition");
    expect(await Promise.all([plugin.initialize().then(() => "OK"), statusOf(plugin.initialize())])).toEqual([
      "OK",
      "FailedPrecondition",
    ]);
    expect((await vm.createHandlers({})).handlers.map(({ prefix }) => prefix)).toEqual(["/do"]);

    await syncState(plugin);
    await decide(plugin);
    await hearPeers(plugin);
    await expectNotes(plugin);
    await answerPeers(plugin, node);
    await askPeers(plugin, node);
    await gossip(plugin, node);
    await askForValidators(plugin, node);
    expect(JSON.parse(await ask(plugin, "database"))).toEqual([true, false, ["x/a=2"]]);
    expect(node.database.calls.filter((call) => call.startsWith("iteratorRelease"))).toHaveLength(1);
    expect(JSON.parse(new TextDecoder().decode((await vm.health({})).details))).toEqual({ healthy: true });

    const waiting = has(protocol, "vm.VM.WaitForEvent") ? statusOf(vm.waitForEvent({})) : "Unavailable";
    await vm.version({}); // the call has arrived
    expect(await Promise.all([statusOf(vm.shutdown({})), statusOf(vm.shutdown({})), waiting])).toEqual([
      "OK",
      "OK",
      "Unavailable",
    ]);
    await hearPeers(plugin);
    expect((await vm.createHandlers({})).handlers).toEqual([]);
    expect(await statusOf(vm.setState({ state: State.NORMAL_OP }))).toBe("Unavailable");
    expect(await statusOf(plugin.initialize())).toBe("Unavailable");
    expect(await plugin.stop()).toBe(0);
    const gossips = ["gossip not taken", "gossip not taken", "gossip not taken"];
    expect(await errorsOf(plugin)).toEqual([...gossips, "app request failed", "app request failed"]);
    expect(plugin.log.lines.filter(({ event }) => event === "shutdown called")).toHaveLength(1);
  }),
);

describe("a VM that", () => {
  test.concurrent("does not open is tried again, and a signal may end it until then", () =>
    withPlugin("opens at the second attempt", newestProtocol, async (plugin, node) => {
      const { code, rawMessage } = await errorOf(plugin.initialize());
      expect([code, rawMessage]).toEqual([Code.Internal, "internal error: not yet"]);
      await plugin.start();
      expect(await plugin.shutDown()).toBe(0);
      expect(await errorsOf(plugin)).toEqual(["cannot initialize", "call failed"]);
      expect(await (await node.startPlugin()).stop()).toBe(0);
    }));

  test.concurrent("counts milliseconds is refused, and closed again", () =>
    withPlugin("counts milliseconds", newestProtocol, async (plugin) => {
      for (let i = 0; i < 2; i++) {
        expect(await errorOf(plugin.initialize())).toMatchObject({
          code: Code.InvalidArgument,
          rawMessage: "malformed block: timestamp 1700000000000 is beyond the year 9999",
        });
      }
      expect(await plugin.stop()).toBe(0);
      expect(await errorsOf(plugin)).toEqual(["cannot initialize", "cannot initialize"]);
      expect(plugin.log.lines.filter(({ event }) => event === "shutdown called")).toHaveLength(2);
    }));

  test.concurrent("throws what has no text is answered for, and goes on", () =>
    withPlugin("does not accept", newestProtocol, async (plugin) => {
      await plugin.start();
      await ask(plugin, "build");
      const { rawMessage } = await errorOf(plugin.buildAndAccept());
      expect(rawMessage).toBe("internal error: an object without a text");
      expect(await statusOf(plugin.vm.health({}))).toBe("OK");
      expect(await errorsOf(plugin)).toEqual(["call failed"]);
    }));

  test.concurrent.each([41, newestProtocol])("protocol %d: fails to shut down ends all the same", (protocol) =>
    withPlugin("does not shut down", protocol, async (plugin) => {
      await plugin.start();
      const waiting = has(protocol, "vm.VM.WaitForEvent") ? statusOf(plugin.vm.waitForEvent({})) : "Unavailable";
      await plugin.vm.version({}); // the call has arrived
      const ends = [plugin.vm.shutdown({}), plugin.vm.shutdown({})].map(statusOf);
      expect(await Promise.all([...ends, waiting])).toEqual(["Internal", "Internal", "Unavailable"]);
      expect(await plugin.stop()).toBe(0);
    }),
  );

  test.concurrent("hangs at its end does not outlive its node", () =>
    lanes.run(async () => {
      await using node = nodeOf("hangs at its end", newestProtocol);
      // A shell takes the node's place.
      const plugin = await node.startPlugin(["/bin/sh", "-c", '"$@" & echo $! > plugin; wait', "sh"]);
      try {
        await plugin.start();
        plugin.process.kill("SIGKILL");
        await within("the plugin's end", plugin.log.ended); // both held standard error
        expect(await errorsOf(plugin)).toEqual([]);
      } catch (error) {
        process.kill(Number(readFileSync(`${node.workingDir}/plugin`, "utf8")), "SIGKILL");
        throw error;
      }
    }));

  test.concurrent("has figures that the node cannot merge keeps the others, and its health is JSON", () =>
    withPlugin("has odd figures", newestProtocol, async (plugin) => {
      const processAlone = (await plugin.vm.gather({})).metricFamilies.map(({ name }) => name);
      await plugin.start();
      const { metricFamilies } = await plugin.vm.gather({});
      expect(metricFamilies.map(({ name }) => name)).toEqual([...processAlone, "figures"]);
      const { metric = [] } = metricFamilies.at(-1) ?? {};
      expect(metric.map(({ label, gauge }) => [label[0]?.name, label[0]?.value, gauge?.value])).toEqual([
        ["kind", "a", 0],
        ["kind", "b", 1],
      ]);
      expect(new TextDecoder().decode((await plugin.vm.health({})).details)).toBe('"all \\"is\\" well"');
      expect(await errorsOf(plugin)).toEqual(["metric left out", "metric left out"]);
    }));

  test.concurrent("sets two cookies has both of them set", () =>
    withPlugin("everything", newestProtocol, async (plugin) => {
      await plugin.start();
      const { headers } = await plugin.ask({ method: "GET", url: "/ext/bc/any/do?cookies" });
      expect(headers["Set-Cookie"]).toEqual(["a=1", "b=2"]);
    }));

  test.concurrent.each([16, 41, newestProtocol])("protocol %d: serves no HTTP says so", (protocol) =>
    withPlugin("mute", protocol, async (plugin) => {
      const { vm } = plugin;
      await plugin.start();
      expect((await vm.createHandlers({})).handlers).toEqual([]);
      if (has(protocol, "vm.VM.CreateHTTP2Handler"))
        expect(await vm.createHTTP2Handler({})).toMatchObject({ serverAddr: "" });
      if (has(protocol, "vm.VM.NewHTTPHandler")) expect(await vm.newHTTPHandler({})).toMatchObject({ serverAddr: "" });
      if (has(protocol, "vm.VM.CreateStaticHandlers")) expect((await vm.createStaticHandlers({})).handlers).toEqual([]);
      expect(await errorsOf(plugin)).toEqual([]);
    }),
  );

  test.concurrent.each(["my VM/2.0 ü", "../../etc", "$(id)"])("is called %j", (name) =>
    lanes.run(async () => {
      await using node = nodeOf("plain", newestProtocol, name);
      const plugin = await node.startPlugin();
      await plugin.start();
      expect(await plugin.shutDown()).toBe(0);
    }),
  );
});

/** Whatever peers send, the node gets no error. */
async function hearPeers({ vm, protocol }: Plugin): Promise<void> {
  for (const nodeId of [alice, new Uint8Array(), new Uint8Array(21)]) {
    await vm.connected({ nodeId, name: "avalanchego", major: 1, minor: 9, patch: 8 });
    for (const text of ["", "bug", "odd", "refuse"]) {
      await vm.appGossip({ nodeId, msg: bytesOf(text) });
      if (nodeId !== alice) await vm.appRequest({ nodeId, requestId: 1, deadline: past, request: bytesOf(text) });
    }
    await vm.appResponse({ nodeId, requestId: 4_000_000_000, response: bytesOf("to nothing") });
    await vm.appRequestFailed({ nodeId, requestId: 0, errorCode: -1, errorMessage: "" });
    await vm.disconnected({ nodeId });
  }
  if (!has(protocol, "vm.VM.CrossChainAppRequest")) return;
  await vm.crossChainAppRequest({ requestId: 1 });
  await vm.crossChainAppRequestFailed({ requestId: 1 });
  await vm.crossChainAppResponse({ requestId: 1 });
}

async function expectNotes(plugin: Plugin): Promise<void> {
  const name = plugin.protocol < 31 ? "avalanche" : "avalanchego";
  expect(JSON.parse(await ask(plugin, "notes")).slice(-5)).toEqual([
    "bootstrapping",
    "normal operation",
    `${aliceId} connected, ${name}/1.9.8`,
    `gossip of ${aliceId}: `,
    `${aliceId} disconnected`,
  ]);
}

/** In each of the ways that its protocol has. */
async function syncState(plugin: Plugin): Promise<void> {
  const { vm, protocol } = plugin;
  expect(await plugin.syncState(bytesOf("skipped 9"))).toBe("skipped");
  if (protocol >= 22) expect(await plugin.syncState(bytesOf("dynamic 9"))).toBe("dynamic");
  expect(await plugin.syncState(bytesOf("static 9"))).toBe("static");
  await plugin.toNormalOperation();
  expect(await plugin.lastStateSummary()).toMatchObject({ height: 9n, bytes: bytesOf("static 9") });
  expect(await vm.getStateSummary({ height: 8n })).toMatchObject({ err: 2 });
  expect(await statusOf(vm.parseStateSummary({ bytes: bytesOf("nonsense") }))).toBe("FailedPrecondition");
}

async function decide(plugin: Plugin): Promise<void> {
  const { vm, node, protocol } = plugin;
  await ask(plugin, "build");
  if (!has(protocol, "vm.VM.WaitForEvent")) {
    const { buildBlock } = waysOf(protocol);
    while ((await node.events.take()) !== buildBlock); // the end of the sync may have come twice
    node.events.put(buildBlock);
  }
  const block = await plugin.buildAndAccept();
  expect(block.height).toBe(1n);
  for (const length of [0, 31, 33]) {
    const id = new Uint8Array(length);
    for (const call of [vm.getBlock({ id }), vm.setPreference({ id }), vm.blockAccept({ id }), vm.blockReject({ id })])
      expect(await statusOf(call)).toBe("InvalidArgument");
    expect(await statusOf(vm.getAncestors({ blkId: id }))).toBe("InvalidArgument");
  }
  expect(await statusOf(vm.buildBlock({}))).toBe("FailedPrecondition");
  const { response } = await vm.batchedParseBlock({ request: [block.bytes, block.bytes] });
  expect(response.map(({ id }) => id)).toEqual([block.id, block.id]);
  expect(await statusOf(vm.batchedParseBlock({ request: [block.bytes, bytesOf("x")] }))).toBe("FailedPrecondition");
}

async function answerPeers(plugin: Plugin, { messages }: FakeNode): Promise<void> {
  const { vm, protocol } = plugin;
  expect(await plugin.sendRequest(alice, bytesOf("abc"))).toMatchObject({ nodeId: alice, response: bytesOf("cba") });
  await vm.appRequest({ nodeId: bob, requestId: 69, deadline: past, request: bytesOf("never") });
  for (const request of ["refuse", "bug", "odd"]) {
    await vm.appRequest({ nodeId: bob, requestId: 70, deadline: never, request: bytesOf(request) });
  }
  const refused = { nodeId: bob, requestId: 70 };
  const bug = { ...refused, errorCode: 0, errorMessage: "no answer" };
  const refusals = messages.answers.all.slice(1);
  if (protocol < 33) expect(refusals).toEqual([]);
  else expect(refusals).toMatchObject([{ ...refused, errorCode: 7, errorMessage: "no" }, bug, bug]);
}

/** And hears from those alone. */
async function askPeers(plugin: Plugin, { messages }: FakeNode): Promise<void> {
  const { vm, protocol } = plugin;
  const answered = ask(plugin, "request", alice);
  const failed = ask(plugin, "request", bob);
  const toAlice = await messages.requests.find(({ nodeIds }) => nodeIds[0]?.[0] === 1);
  const toBob = await messages.requests.find(({ nodeIds }) => nodeIds[0]?.[0] === 2);
  expect(toAlice.request).toEqual(bytesOf("a question"));
  await plugin.answerRequest(toAlice, bytesOf("of another"), bob);
  await plugin.failRequest(toAlice, undefined, bob);
  await vm.appResponse({ nodeId: alice, requestId: toAlice.requestId + 1_000, response: bytesOf("to nothing") });
  await plugin.answerRequest(toAlice, bytesOf("an answer"));
  await plugin.failRequest(toBob, { errorCode: 9, errorMessage: "busy" });
  expect([await answered, await failed]).toEqual(["an answer", `AppError: ${protocol < 31 ? "no answer" : "busy"}`]);
  for (const request of [toAlice, toBob]) {
    await plugin.answerRequest(request, bytesOf("too late"));
    await plugin.failRequest(request);
  }
}

/** Until protocol 18 there are none. */
async function askForValidators(plugin: Plugin, { validators }: FakeNode): Promise<void> {
  validators.weights = new Map([[alice.toHex(), 2n ** 64n - 1n]]);
  const isKnown = has(plugin.protocol, "validatorstate.ValidatorState");
  expect(await ask(plugin, "validators")).toBe(isKnown ? `${aliceId} ${2n ** 64n - 1n}` : "");
  const question = { height: validators.height, subnetId: new Uint8Array(32).fill(1) };
  expect(validators.questions.all).toMatchObject(isKnown ? [question] : []);
}

async function gossip(plugin: Plugin, { messages }: FakeNode): Promise<void> {
  await ask(plugin, "gossip", new Uint8Array(bytesOf("news")));
  const counts = { validators: 5n, nonValidators: 2n, peers: 1n };
  const [message] = messages.gossip.all;
  expect(message).toMatchObject({ msg: bytesOf("news"), ...(plugin.protocol >= 34 && counts) });
}

/** Of its whole life, which ends here at the latest: a line may come after the answer. */
async function errorsOf({ log, process }: Plugin): Promise<unknown[]> {
  process.kill("SIGKILL");
  await within("the end of the log", log.ended);
  return log.lines.filter(({ level }) => level === "error" || level === "warn").map(({ event }) => event);
}
