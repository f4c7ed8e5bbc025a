import type { Socket } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import type { Context, Next } from "hono";
import { type Admission, type Room, retryAfterSeconds } from "../api/admission.ts";
import { maxBodyBytes } from "../api/app.ts";
import type { Asker } from "../vm/caller.ts";

export interface DevEnvironment {
  readonly Bindings: HttpBindings;
  readonly Variables: { asker: Asker };
}

type DevContext = Context<DevEnvironment>;

/** Requests of one connection that may be unanswered at a time. */
export const maxPipelined = 100;
/** Milliseconds within which a whole body must arrive. */
const maxBodyMs = 30_000;

/** Admits or refuses a request before its body is read. An admitted one takes room until its answer is read. */
export async function admit(c: DevContext, next: Next, admission: Admission): Promise<Response | undefined> {
  const room = openRoom(c, admission);
  if (room === undefined) return refuse(c);
  const bodyCame = expectBody(c);
  c.env.outgoing.once("close", () => {
    bodyCame();
    room.free();
  });
  const releaseRequest = () => {
    bodyCame();
    room.releaseRequest();
  };
  const { signal } = c.req.raw;
  c.set("asker", { name: nameOf(c), signal, releaseRequest, holdAnswer: (bytes) => room.holdAnswer(bytes) });
  await next();
  bodyCame();
  if (c.res.body === null) return undefined;
  const body = await c.res.arrayBuffer();
  const isRoom = room.holdWhole(body.byteLength, closerOf(c));
  c.res = isRoom ? new Response(body, c.res) : refuse(c);
  return undefined;
}

function refuse(c: DevContext): Response {
  return c.text("too many requests, try again later\n", 503, { "Retry-After": String(retryAfterSeconds) });
}

/** Room for a request; undefined when there is none. Closes a connection that goes on sending and reads no answers. */
function openRoom(c: DevContext, admission: Admission): Room | undefined {
  if (!countAhead(c)) {
    closerOf(c)();
    return undefined;
  }
  const room = admission.admit(bytesOf(c));
  if (room === undefined || room.takeFor(nameOf(c))) return room;
  room.free();
  return undefined;
}

const aheadBySocket = new WeakMap<Socket, number>();

/** Counts one more request of its connection. Gives false for one too many. */
function countAhead({ env: { incoming, outgoing } }: DevContext): boolean {
  const { socket } = incoming;
  const ahead = aheadBySocket.get(socket) ?? 0;
  if (ahead >= maxPipelined) return false;
  aheadBySocket.set(socket, ahead + 1);
  outgoing.once("close", () => aheadBySocket.set(socket, (aheadBySocket.get(socket) ?? 1) - 1));
  return true;
}

/** Closes the connection when the body does not arrive in time. Gives a function that cancels this. */
function expectBody(c: DevContext): () => void {
  if (bytesOf(c) === 0) return () => {};
  const timer = setTimeout(closerOf(c), maxBodyMs);
  return () => clearTimeout(timer);
}

/** Gives a function that closes the connection. */
function closerOf({ env }: DevContext): () => void {
  return () => env.incoming.socket.destroy();
}

function nameOf(c: DevContext): string {
  return c.env.incoming.socket.remoteAddress ?? "unknown";
}

/** The bytes of the body; the largest that is allowed if the request does not say. */
function bytesOf(c: DevContext): number {
  if (c.req.header("transfer-encoding") !== undefined) return maxBodyBytes;
  return Math.min(Number(c.req.header("content-length") ?? 0), maxBodyBytes);
}
