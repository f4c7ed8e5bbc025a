import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { idFromBytes } from "../../src/avalanche/id.ts";
import { type NodeId, nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { Log } from "../../src/log.ts";
import { ValidatorWatch, validatorsPauseMs } from "../../src/plugin/validator-watch.ts";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { Validators } from "../../src/rpcchainvm/node/validators.ts";
import { within } from "../fake-node/deadline.ts";
import { FakeValidators } from "../fake-node/fake-validators.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { Recording } from "../fake-node/recording.ts";
import { FakeClock } from "../support/clock.ts";
import { errorOf } from "../support/status.ts";
import { protocolWithin } from "../support/test-protocol.ts";

const subnetBytes = new Uint8Array(32).fill(1);
const alice = new Uint8Array(20).fill(1);

let fake: FakeValidators;
let peer: GrpcPeer;
let client: GrpcClient;
let clock: FakeClock;
let sets: Recording<ReadonlyMap<NodeId, bigint>>;
let lines: Recording<{ readonly level: string; readonly event: string }>;
let watch: ValidatorWatch;

beforeEach(async () => {
  fake = new FakeValidators(subnetBytes);
  peer = await GrpcPeer.listen((router) => fake.addTo(router, protocolWithin(19)));
  client = new GrpcClient(peer.address);
  clock = new FakeClock();
  sets = new Recording("sets of validators");
  lines = new Recording("lines of the log");
  const log = new Log((line) => lines.add(JSON.parse(line)));
  log.setLevel("debug");
  const parts = { validators: new Validators(client), subnetId: idFromBytes(subnetBytes), clock, log };
  watch = new ValidatorWatch({ ...parts, onSet: (weights) => sets.add(weights) });
});
afterEach(async () => {
  watch.stop();
  client.close();
  await peer[Symbol.asyncDispose]();
});

const levels = async (count: number) => (await lines.until(count)).map(({ level }) => level);

/** Lets the pause pass, as soon as one has begun. */
async function pass(): Promise<void> {
  while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advanceMs(validatorsPauseMs);
}

describe("the validators", () => {
  test("are asked for at the start, at the current height, and then once a minute", async () => {
    expect(validatorsPauseMs).toBe(60_000);
    fake.weights = new Map([[alice.toHex(), 5n]]);
    watch.start();
    watch.start();
    expect([...((await sets.until(1))[0] ?? [])]).toEqual([[nodeIdFromBytes(alice), 5n]]);
    fake.weights = new Map();
    fake.height++;
    await pass();
    expect((await sets.until(2))[1]).toEqual(new Map());
    expect(fake.questions.all).toMatchObject([
      { height: 7n, subnetId: subnetBytes },
      { height: 8n, subnetId: subnetBytes },
    ]);
    expect(await levels(2), "there are one, and none").toEqual(["info", "info"]);
  });

  test("stay who they were where the node does not say it, and the log warns of the first time", async () => {
    watch.start();
    await sets.until(1);
    fake.before = () => {
      throw new Error("no state");
    };
    await pass();
    await pass();
    await lines.until(3);
    fake.before = () => {};
    await pass();
    await sets.until(2);
    fake.before = () => {
      throw new Error("no state");
    };
    await pass();
    expect(await levels(5)).toEqual(["info", "warn", "debug", "debug", "warn"]);
    expect(sets.all).toHaveLength(2);
  });

  test("are not asked for again behind the end", async () => {
    watch.start();
    await sets.until(1);
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    watch.stop();
    watch.start();
    expect(clock.waiting).toBe(0);
    expect(fake.questions.all).toHaveLength(1);
  });

  test("that are answered for behind the end are nothing any more, and no error is logged", async () => {
    const asked = Promise.withResolvers<void>();
    fake.before = () => {
      asked.resolve();
      return new Promise(() => {});
    };
    watch.start();
    await within("the question", asked.promise);
    const later = errorOf(new Validators(client).getCurrentHeight());
    watch.stop();
    client.close();
    await later; // and so has the one before it failed
    await new Promise((resolve) => setImmediate(resolve));
    expect([sets.all, lines.all, clock.waiting]).toEqual([[], [], 0]);
  });
});
