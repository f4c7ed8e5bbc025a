import { afterEach, beforeEach, expect, test } from "bun:test";
import { Code } from "@connectrpc/connect";
import { idFromBytes } from "../../src/avalanche/id.ts";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { Validators } from "../../src/rpcchainvm/node/validators.ts";
import { FakeValidators } from "../fake-node/fake-validators.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { errorOf } from "../support/status.ts";
import { protocolWithin } from "../support/test-protocol.ts";

const subnetBytes = new Uint8Array(32).map((_, i) => i);
const subnetId = idFromBytes(subnetBytes);

let fake: FakeValidators;
let peer: GrpcPeer;
let client: GrpcClient;
let validators: Validators;

beforeEach(async () => {
  fake = new FakeValidators(subnetBytes);
  peer = await GrpcPeer.listen((router) => fake.addTo(router, protocolWithin(19)));
  client = new GrpcClient(peer.address);
  validators = new Validators(client);
});
afterEach(async () => {
  client.close();
  await peer[Symbol.asyncDispose]();
});

test("a set has each node's weight, of any size, whatever else the node says of it", async () => {
  fake.height = 2n ** 64n - 1n;
  const weights = [0n, 1n, 2n ** 64n - 1n].map((weight, n) => [new Uint8Array(20).fill(n), weight] as const);
  fake.weights = new Map(weights.map(([nodeId, weight]) => [nodeId.toHex(), weight]));
  const height = await validators.getCurrentHeight();
  expect(height).toBe(fake.height);
  const set = await validators.getValidatorSet(height, subnetId);
  expect([...set]).toEqual(weights.map(([nodeId, weight]) => [nodeIdFromBytes(nodeId), weight]));
  expect(fake.questions.all).toMatchObject([{ height, subnetId: subnetBytes }]);
});

test("a set may be empty, and that of an unknown subnet is", async () => {
  expect(await validators.getValidatorSet(0n, subnetId)).toEqual(new Map());
  fake.weights = new Map([["07".repeat(20), 1n]]);
  expect((await validators.getValidatorSet(1n, subnetId)).size).toBe(1);
  expect(await validators.getValidatorSet(1n, idFromBytes(new Uint8Array(32)))).toEqual(new Map());
});

test("what the node refuses is an error in its words", async () => {
  const error = await errorOf(validators.getValidatorSet(fake.height + 1n, subnetId));
  expect(error).toMatchObject({
    code: Code.Unknown,
    rawMessage: "failed to fetch validator set at unfinalized height",
  });
});

test("a question that is not answered fails when the connection is closed", async () => {
  const asked = Promise.withResolvers<void>();
  fake.before = () => {
    asked.resolve();
    return new Promise(() => {});
  };
  const height = errorOf(validators.getCurrentHeight());
  await asked.promise;
  client.close();
  expect(await height).toBeDefined();
  expect((await errorOf(validators.getCurrentHeight())).rawMessage).toBe("the connection is closed");
});
