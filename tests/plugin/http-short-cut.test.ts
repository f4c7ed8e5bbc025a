import { afterAll, beforeAll, expect, test } from "bun:test";
import { HTTP } from "../../gen/http/http_pb.ts";
import { maxBodyBytes } from "../../src/api/app.ts";
import { answerSimpleBy } from "../../src/clients/short-cut.ts";
import { Log } from "../../src/log.ts";
import { GrpcServer } from "../../src/rpcchainvm/grpc/server.ts";
import { protocolOf } from "../../src/rpcchainvm/protocol.ts";
import { createHttpService } from "../../src/rpcchainvm/services/http-service.ts";
import { GrpcChannel } from "../fake-node/grpc-peer.ts";
import { servicesOf } from "../fake-node/services.ts";
import { startApi } from "../support/api.ts";
import { bytesOf, genesis, startVm } from "../support/chain.ts";
import { testProtocol } from "../support/test-protocol.ts";

const log = new Log(() => {});
const chainPath = "/ext/bc/2VCAhX6vE3UnXC6s1CBPE6jJ4c4cHWMfPgTQrjxLLAPMdzMZ3S";

/** Two services on chains that are alike: one takes the short cut, the other never. */
const services = [true, false].map((takesShortCut) => {
  const { vm } = startVm();
  const { fetch, answerRpc } = startApi(vm, { log });
  const shortCut = takesShortCut ? { answerSimple: answerSimpleBy(answerRpc, "/rpc") } : {};
  const server = new GrpcServer(log);
  server.add(
    HTTP,
    createHttpService(() => ({ paths: ["/rpc"], fetch, ...shortCut }), protocolOf(testProtocol)),
  );
  return { vm, server };
});
let channels: GrpcChannel[] = [];

beforeAll(async () => {
  channels = await Promise.all(services.map(async ({ server }) => new GrpcChannel(await server.listen())));
});

afterAll(() => {
  for (const channel of channels) channel[Symbol.dispose]();
  for (const { server } of services) server.close();
});

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly type?: string;
  readonly coding?: string;
  readonly body: string;
}

async function answerBothWays({ method = "POST", path = "/rpc", type = "application/json", coding, body }: Call) {
  const request = {
    method,
    url: chainPath + path,
    requestHeaders: [
      { key: "Content-Type", values: [type] },
      ...(coding === undefined ? [] : [{ key: "Content-Encoding", values: [coding] }]),
    ],
    responseHeaders: [
      { key: "Vary", values: ["Origin"] },
      { key: "Node-Id", values: ["NodeID-1"] },
      { key: "Content-Type", values: ["text/plain"] },
    ],
    body: bytesOf(body),
  };
  return Promise.all(
    channels.map(async (channel) => {
      const { code, headers, body } = await channel.client(servicesOf(testProtocol).http).handleSimple(request);
      const lines = headers.map(({ key, values }) => `${key}: ${values.join()}`).sort();
      return { code, lines, text: new TextDecoder().decode(body) };
    }),
  );
}

const rpc = (method: string, params: unknown = []) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
const ping = rpc("ping");

test.each<[string, number, Call]>([
  ["a call", 200, { body: ping }],
  ["a call of the chain", 200, { body: rpc("timestampvm.getBlock", [{ id: genesis.id }]) }],
  ["a proposal", 200, { body: rpc("proposeBlock", [{ data: "aGVsbG8=" }]) }],
  ["an error", 200, { body: rpc("nope") }],
  ["what is no JSON", 200, { body: "{" }],
  ["an empty body", 200, { body: "" }],
  ["a batch", 200, { body: `[${ping},${ping}]` }],
  ["a notification", 204, { body: '{"jsonrpc":"2.0","method":"proposeBlock","params":[{"data":"Yg=="}]}' }],
  ["a body that is too large", 413, { body: " ".repeat(maxBodyBytes + 1) }],
  ["another method", 405, { method: "PUT", body: ping }],
  ["another content type", 415, { type: "text/plain", body: ping }],
  ["a content type with parameters", 200, { type: "application/json; charset=utf-8", body: ping }],
  ["a content coding", 415, { coding: "gzip", body: ping }],
  ["no content coding", 200, { coding: "identity", body: ping }],
  ["another path", 404, { path: "/rpc/", body: ping }],
  ["a query", 200, { path: "/rpc?x=1", body: ping }],
])("the short cut answers %s as Fetch does", async (_what, code, call) => {
  const [short, long] = await answerBothWays(call);
  expect(short?.code).toBe(code);
  expect(short).toEqual(long);
});

test("the short cut carries each call out once", () => {
  expect(services.map(({ vm }) => vm.status().proposals.submitted)).toEqual([2, 2]);
});
