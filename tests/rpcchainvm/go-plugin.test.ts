import { afterEach, beforeEach, expect, test } from "bun:test";
import { GRPCBroker, GRPCController, GRPCStdio } from "../../gen/plugin/plugin_pb.ts";
import { Log } from "../../src/log.ts";
import { GrpcServer } from "../../src/rpcchainvm/grpc/server.ts";
import { addGoPluginServices, goPluginLine } from "../../src/rpcchainvm/start/go-plugin.ts";
import { within } from "../fake-node/deadline.ts";
import { GrpcChannel } from "../fake-node/grpc-peer.ts";

let server: GrpcServer;
let channel: GrpcChannel;

beforeEach(async () => {
  server = new GrpcServer(new Log(() => {}));
  addGoPluginServices(server, () => {});
  channel = new GrpcChannel(await server.listen());
});

afterEach(() => {
  channel[Symbol.dispose]();
  server.close();
});

test("the handshake is one line: both versions, the network, the address and the kind of calls", () => {
  expect(goPluginLine(22, "127.0.0.1:4000")).toBe("1|22|tcp|127.0.0.1:4000|grpc\n");
});

test("both streams stay open and empty until the caller ends them", async () => {
  const abort = new AbortController();
  const headers: Promise<void>[] = [];
  const streams = [
    (onHeader: () => void) => channel.client(GRPCStdio).streamStdio({}, { signal: abort.signal, onHeader }),
    (onHeader: () => void) =>
      channel.client(GRPCBroker).startStream(sendForEver(abort.signal), { signal: abort.signal, onHeader }),
  ].map((open) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    headers.push(promise);
    return nextOf(open(resolve));
  });
  await within("both streams to begin", Promise.all(headers));
  // Other calls go on beside them.
  await channel.client(GRPCController).shutdown({});
  abort.abort();
  expect(await Promise.all(streams)).toEqual(["canceled", "canceled"]);
});

async function* sendForEver(signal: AbortSignal) {
  for (let serviceId = 0; !signal.aborted; serviceId++) {
    yield { serviceId };
    await Bun.sleep(1);
  }
}

async function nextOf(stream: AsyncIterable<unknown>): Promise<string> {
  try {
    for await (const _ of stream) return "a message";
    return "the end";
  } catch (error) {
    return /canceled|aborted/.test(String(error)) ? "canceled" : String(error);
  }
}
