import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Code, ConnectError } from "@connectrpc/connect";
import type { SendAppErrorMsg, SendAppRequestMsg, SendAppResponseMsg } from "../../gen/appsender/appsender_pb.ts";
import { nodeIdFromBytes } from "../../src/avalanche/node-id.ts";
import { GrpcClient } from "../../src/rpcchainvm/grpc/client.ts";
import { AppError, AppSender, maxAppRequests } from "../../src/rpcchainvm/node/app-sender.ts";
import { protocolOf } from "../../src/rpcchainvm/protocol.ts";
import { within } from "../fake-node/deadline.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";
import { servicesOf } from "../fake-node/services.ts";
import { bytesOf } from "../support/chain.ts";
import { errorOf } from "../support/status.ts";
import { testProtocol } from "../support/test-protocol.ts";

const alice = nodeIdFromBytes(new Uint8Array(20).fill(1));
const bob = nodeIdFromBytes(new Uint8Array(20).fill(2));

let requests: SendAppRequestMsg[];
let responses: SendAppResponseMsg[];
let errors: SendAppErrorMsg[];
let onRequest: () => void;
let peer: GrpcPeer;
let client: GrpcClient;

beforeEach(async () => {
  [requests, responses, errors] = [[], [], []];
  onRequest = () => {};
  const { appSender } = servicesOf(testProtocol);
  peer = await GrpcPeer.listen((router) => {
    router.service(appSender, {
      sendAppRequest: (message) => {
        requests.push(message);
        onRequest();
        return {};
      },
      sendAppResponse: (message) => {
        responses.push(message);
        return {};
      },
      ...("sendAppError" in appSender.method && {
        sendAppError: (message: SendAppErrorMsg) => {
          errors.push(message);
          return {};
        },
      }),
    });
  });
  client = new GrpcClient(peer.address);
});
afterEach(async () => {
  client.close();
  await peer[Symbol.asyncDispose]();
});

const senderIn = (protocol = testProtocol) => new AppSender(client, protocolOf(protocol));

/** Resolves when so many requests have come. */
async function untilRequested(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  onRequest = () => {
    if (requests.length >= count) resolve();
  };
  onRequest();
  await within(`${count} requests`, promise);
}

describe("a request", () => {
  test("fails when the node says that there is no answer", async () => {
    const sender = senderIn();
    const asked = sender.request(alice, bytesOf("1"));
    await untilRequested(1);
    sender.takeFailure(alice, requests[0]?.requestId ?? 0, new AppError(-1, "timed out"));
    expect(await asked.catch((error: unknown) => error)).toMatchObject({ code: -1, message: "timed out" });
  });

  test("fails when the VM is shut down", async () => {
    const sender = senderIn();
    const asked = sender.request(alice, bytesOf("1"));
    await untilRequested(1);
    sender.close();
    expect(await asked.catch((error: unknown) => error)).toMatchObject({ message: "the VM is shut down" });
  });

  test("is not sent, and leaves nothing behind, when the connection is closed", async () => {
    const sender = senderIn();
    client.close();
    for (let i = 0; i <= maxAppRequests; i++) {
      const error = await errorOf(sender.request(alice, bytesOf("1")));
      expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: "the connection is closed" });
    }
    expect(requests).toEqual([]);
  });

  test("leaves nothing behind when it is answered, fails, or is not sent", async () => {
    const sender = senderIn();
    const settle = async (settleOne: (requestId: number) => void) => {
      const asked = sender.request(alice, bytesOf("1"));
      await untilRequested(requests.length + 1);
      settleOne(requests.at(-1)?.requestId ?? 0);
      await asked.catch(() => {});
    };
    for (let i = 0; i < maxAppRequests; i++) {
      await settle((id) =>
        i % 2 ? sender.takeResponse(alice, id, bytesOf("x")) : sender.takeFailure(alice, id, new AppError(0, "no")),
      );
    }
    onRequest = () => {
      throw new ConnectError("not now", Code.Unknown);
    };
    expect((await errorOf(sender.request(alice, bytesOf("1")))).rawMessage).toBe("not now");
    await settle((id) => sender.takeResponse(alice, id, bytesOf("x")));
  });

  test("is refused where too many are not answered, until one is", async () => {
    const sender = senderIn();
    const asked = Array.from({ length: maxAppRequests }, () => sender.request(alice, new Uint8Array()));
    expect(await sender.request(alice, new Uint8Array()).catch((error: unknown) => error)).toBeInstanceOf(AppError);
    await untilRequested(maxAppRequests);
    expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(maxAppRequests);
    sender.takeResponse(alice, requests[0]?.requestId ?? 0, bytesOf("x"));
    expect(await Promise.any(asked)).toEqual(bytesOf("x"));
    const next = sender.request(alice, bytesOf("next"));
    await untilRequested(maxAppRequests + 1);
    sender.close();
    expect((await Promise.allSettled([...asked, next])).filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

test("a refusal is sent where the protocol has one, from 33 on", async () => {
  await senderIn(testProtocol).refuse(bob, 9, new AppError(3, "no"));
  const sent = errors.map(({ errorCode, errorMessage, requestId }) => [errorCode, errorMessage, requestId]);
  expect(sent).toEqual(testProtocol < 33 ? [] : [[3, "no", 9]]);
  await senderIn(32).refuse(bob, 10, new AppError(3, "no"));
  expect(errors).toHaveLength(sent.length);
});

test("an answer goes to the peer that asked", async () => {
  await senderIn().respond(alice, 7, bytesOf("here"));
  expect(responses.map(({ nodeId, requestId, response }) => [nodeIdFromBytes(nodeId), requestId, response])).toEqual([
    [alice, 7, bytesOf("here")],
  ]);
});
