import { afterAll, expect, test } from "bun:test";
import { setTimeout } from "node:timers/promises";
import { HTTP } from "../../gen/http/http_pb.ts";
import { type AnswerRpc, answerSimpleBy } from "../../src/clients/short-cut.ts";
import { digestOf } from "../../src/core/digest.ts";
import { Log } from "../../src/log.ts";
import { GrpcServer } from "../../src/rpcchainvm/grpc/server.ts";
import { protocolOf } from "../../src/rpcchainvm/protocol.ts";
import { createHttpService } from "../../src/rpcchainvm/services/http-service.ts";
import { within } from "../fake-node/deadline.ts";
import { GrpcChannel } from "../fake-node/grpc-peer.ts";
import { servicesOf } from "../fake-node/services.ts";
import { startApi } from "../support/api.ts";
import { bytesOf, decideNext, propose, startVm } from "../support/chain.ts";
import { statusOf } from "../support/status.ts";
import { testProtocol } from "../support/test-protocol.ts";

const log = new Log(() => {});
const { vm } = startVm();
const api = startApi(vm, { log });

/** What serves the API's calls by Fetch, or by the short cut. */
const ways: readonly (readonly [string, AnswerRpc])[] = [
  ["the short cut", api.answerRpc],
  ["Fetch", () => undefined],
];
const servers: GrpcServer[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function connect(answerRpc: AnswerRpc): Promise<GrpcChannel> {
  const server = new GrpcServer(log);
  servers.push(server);
  server.add(
    HTTP,
    createHttpService(
      () => ({ paths: ["/rpc"], fetch: api.fetch, answerSimple: answerSimpleBy(answerRpc, "/rpc") }),
      protocolOf(testProtocol),
    ),
  );
  return new GrpcChannel(await server.listen());
}

/** A client's request as the node hands it on. */
function receiptRequest(data: string, waitMs: number) {
  const params = { id: digestOf(bytesOf(data)), waitMs };
  return {
    method: "POST",
    url: "/ext/bc/chain/rpc",
    requestHeaders: [{ key: "Content-Type", values: ["application/json"] }],
    body: bytesOf(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "getReceipt", params })),
  };
}

const waitingCalls = (count: number) =>
  within(
    `${count} waiting calls`,
    (async () => {
      while (vm.confirmed.waiting !== count) await setTimeout(1);
    })(),
  );

test.each(ways)("a client that leaves while it waits, by %s, frees what it held", async (_way, answerRpc) => {
  using channel = await connect(answerRpc);
  const client = channel.client(servicesOf(testProtocol).http);
  const leaving = new AbortController();
  const left = statusOf(client.handleSimple(receiptRequest("nobody stamps this", 25_000), { signal: leaving.signal }));
  await waitingCalls(1);
  leaving.abort();
  expect(await left).toBe("Canceled");
  await waitingCalls(0);
});

test.each(ways)("a client that waits, by %s, hears of its block", async (way, answerRpc) => {
  using channel = await connect(answerRpc);
  const client = channel.client(servicesOf(testProtocol).http);
  const answer = client.handleSimple(receiptRequest(way, 25_000));
  await waitingCalls(1);
  propose(vm, way);
  const { id } = decideNext(vm);
  expect(new TextDecoder().decode((await within("the answer", answer)).body)).toContain(id);
});
