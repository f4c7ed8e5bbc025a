import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Log } from "../../src/log.ts";
import {
  decodeGossip,
  encodeGossip,
  Gossip,
  maxGossipBytes,
  maxGossipItems,
  maxQueuedBytes,
} from "../../src/plugin/gossip.ts";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { AppSender } from "../../src/rpcchainvm/node/app-sender.ts";
import { protocolOf } from "../../src/rpcchainvm/protocol.ts";
import { within } from "../fake-node/deadline.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { servicesOf } from "../fake-node/services.ts";
import { bytesOf } from "../support/chain.ts";
import { testProtocol } from "../support/test-protocol.ts";

describe("a gossip message", () => {
  test("is version 1 and the data, in protobuf", () => {
    expect(encodeGossip([bytesOf("ab"), bytesOf("")]).toHex()).toBe("0801120261621200");
  });

  test("comes back as it went", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array(), { maxLength: maxGossipItems }), (data) => {
        expect(decodeGossip(encodeGossip(data))).toEqual(data);
      }),
    );
  });

  test("of any bytes is read without an error, and gives at most so many items", () => {
    const prefixed = fc.uint8Array().map((bytes) => Buffer.concat([Uint8Array.of(8, 1), bytes]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 5_000 }), prefixed), (bytes) => {
        expect(decodeGossip(bytes).length).toBeLessThanOrEqual(maxGossipItems);
      }),
      { numRuns: 1_000 },
    );
  });

  test("of more items than the limit is read up to it", () => {
    const data = Array.from({ length: maxGossipItems + 1 }, (_, i) => bytesOf(`${i}`));
    expect(decodeGossip(encodeGossip(data))).toEqual(data.slice(0, maxGossipItems));
  });

  test("is not copied: most of it may not be wanted", () => {
    const message = encodeGossip([bytesOf("data"), bytesOf("more")]);
    for (const data of decodeGossip(message)) expect(data.buffer).toBe(message.buffer);
  });
});

/** A node that takes gossip, the first message only when it is let. */
class SlowNode implements AsyncDisposable {
  readonly messages: Uint8Array[][] = [];
  readonly first = Promise.withResolvers<void>();
  readonly letGo = Promise.withResolvers<void>();
  readonly client: GrpcClient;
  readonly #peer: GrpcPeer;
  wanted: { items: number; resolve: () => void } | undefined;

  static async listen(fail = false): Promise<SlowNode> {
    const take = Promise.withResolvers<(message: Uint8Array) => Promise<void>>();
    const peer = await GrpcPeer.listen((router) => {
      router.service(servicesOf(testProtocol).appSender, {
        sendAppGossip: async ({ msg }) => {
          await (await take.promise)(msg);
          if (fail) throw new Error("no peers");
          return {};
        },
      });
    });
    const node = new SlowNode(peer);
    take.resolve((message) => node.#take(message));
    return node;
  }

  private constructor(peer: GrpcPeer) {
    this.#peer = peer;
    this.client = new GrpcClient(peer.address);
  }

  get items(): number {
    return this.messages.flat().length;
  }

  until(items: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.wanted = { items, resolve };
    if (this.items >= items) resolve();
    return within(`${items} items of gossip`, promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.#peer[Symbol.asyncDispose]();
  }

  async #take(message: Uint8Array): Promise<void> {
    this.first.resolve();
    await this.letGo.promise;
    this.messages.push(decodeGossip(message));
    if (this.wanted !== undefined && this.items >= this.wanted.items) this.wanted.resolve();
  }
}

describe("what is to be sent", () => {
  test("goes together while a message is under way, in the order it came", async () => {
    await using node = await SlowNode.listen();
    const gossip = new Gossip(new AppSender(node.client, protocolOf(testProtocol)), new Log(() => {}));
    gossip.send(bytesOf("first"));
    await node.first.promise;
    for (let i = 0; i < maxGossipItems + 1; i++) gossip.send(bytesOf(`item ${i}`));
    node.letGo.resolve();
    await node.until(maxGossipItems + 2);
    expect(node.messages.map(({ length }) => length)).toEqual([1, maxGossipItems, 1]);
    expect(node.messages[2]).toEqual([bytesOf(`item ${maxGossipItems}`)]);
  });

  test("stays below the node's limit in each message", async () => {
    await using node = await SlowNode.listen();
    const gossip = new Gossip(new AppSender(node.client, protocolOf(testProtocol)), new Log(() => {}));
    gossip.send(bytesOf("first"));
    await node.first.promise;
    for (const bytes of [maxGossipBytes / 2, maxGossipBytes / 2, 1, maxGossipBytes]) gossip.send(new Uint8Array(bytes));
    node.letGo.resolve();
    await node.until(5);
    expect(node.messages.map(({ length }) => length)).toEqual([1, 2, 1, 1]);
  });

  test("is bounded: what is too much waits for our own slot", async () => {
    await using node = await SlowNode.listen();
    const gossip = new Gossip(new AppSender(node.client, protocolOf(testProtocol)), new Log(() => {}));
    gossip.send(bytesOf("first"));
    await node.first.promise;
    const fit = Math.floor(maxQueuedBytes / maxGossipBytes);
    for (let i = 0; i < fit + 5; i++) gossip.send(new Uint8Array(maxGossipBytes));
    node.letGo.resolve();
    await node.until(1 + fit);
    gossip.send(bytesOf("last"));
    await node.until(2 + fit);
    expect(node.messages.at(-1)).toEqual([bytesOf("last")]);
  });

  test("goes on after a message that failed", async () => {
    await using node = await SlowNode.listen(true);
    node.letGo.resolve();
    const gossip = new Gossip(new AppSender(node.client, protocolOf(testProtocol)), new Log(() => {}));
    gossip.send(bytesOf("one"));
    await node.until(1);
    gossip.send(bytesOf("two"));
    await node.until(2);
    expect(node.messages).toEqual([[bytesOf("one")], [bytesOf("two")]]);
  });
});
