import { expect, test } from "bun:test";
import { once } from "node:events";
import * as net from "node:net";
import { CoalescedSocket } from "../../src/rpcchainvm/grpc/coalesced-socket.ts";
import { within } from "../fake-node/deadline.ts";

/** Both ends of a connection on loopback: ours coalesced, with the socket below it, and the peer's. */
async function connect(): Promise<{ ours: CoalescedSocket; below: net.Socket; peer: net.Socket; end: () => void }> {
  const server = net.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const peer = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  const [below] = (await accepted) as [net.Socket];
  const end = () => {
    peer.destroy();
    server.close();
  };
  return { ours: new CoalescedSocket(below), below, peer, end };
}

async function read(peer: net.Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  peer.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) resolve();
  });
  await within(`${bytes} bytes`, promise);
  return Buffer.concat(chunks);
}

test("what is written in one turn goes in two pieces: the first, and the rest", async () => {
  const { ours, below, peer, end } = await connect();
  const pieces: number[] = [];
  const write = below.write.bind(below);
  below.write = ((data: Buffer, callback: () => void) => {
    pieces.push(data.length);
    return write(data, callback);
  }) as typeof below.write;
  for (let i = 0; i < 10; i++) ours.write(Buffer.from([i]));
  expect(await read(peer, 10)).toEqual(Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  expect(pieces).toEqual([1, 9]);
  end();
});

test("many megabytes arrive whole and in order, both ways, past a full buffer", async () => {
  const { ours, peer, end } = await connect();
  const sent = Buffer.from(Uint32Array.from({ length: 4 * 1024 * 1024 }, (_, i) => i).buffer);
  const received = read(peer, sent.length);
  let wasFull = false;
  for (let at = 0; at < sent.length; at += 65_536) wasFull = !ours.write(sent.subarray(at, at + 65_536)) || wasFull;
  expect(wasFull).toBe(true);
  expect((await received).equals(sent)).toBe(true);

  peer.end(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of ours) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  end();
});

test("an end comes after all that was written", async () => {
  const { ours, peer, end } = await connect();
  const ended = once(peer, "end");
  const received = read(peer, 3);
  ours.write("a");
  ours.write("b");
  ours.end("c");
  expect((await received).toString()).toBe("abc");
  await within("the end", ended);
  end();
});

test("a peer that resets the connection ends it, with the error", async () => {
  const { ours, below, end } = await connect();
  const failed = new Promise((resolve) => ours.on("error", resolve));
  const closed = new Promise((resolve) => ours.on("close", resolve));
  below.destroy(new Error("reset by peer"));
  expect(await within("the error", failed)).toEqual(new Error("reset by peer"));
  await within("the close", closed);
  expect(ours.destroyed).toBe(true);
  end();
});

test("a connection that we drop is closed for the peer too", async () => {
  const { ours, peer, end } = await connect();
  peer.resume();
  const closed = once(peer, "close");
  ours.destroy();
  await within("the close", closed);
  end();
});
