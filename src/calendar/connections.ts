import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What connections may do. */
export interface ConnectionLimits {
  /** Connections that are open at a time. */
  readonly maxConnections: number;
  /** Milliseconds in which a connection must send its next request, with its body. */
  readonly maxRequestMs: number;
  /** Requests of one connection that are not answered. */
  readonly maxPipelined: number;
}

export const connectionLimits: ConnectionLimits = { maxConnections: 8_192, maxRequestMs: 10_000, maxPipelined: 32 };

/** Milliseconds in which clients must take their last answers when the calendar ends. */
const maxClosingMs = 5_000;

/** A connection, and since when it owes us a whole request; undefined while it owes none. */
interface Connection {
  owesSinceMs: number | undefined;
  unanswered: number;
}

/**
 * Watches the connections of a server, and closes those that are slow, or too many. (The runtime's own limits leave out
 * slow bodies, and connections that send nothing after an answer.)
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #connections = new Map<Socket, Connection>();
  #onEmpty = () => {};

  constructor(server: Server, limits: ConnectionLimits) {
    this.#limits = limits;
    server.headersTimeout = limits.maxRequestMs;
    server.on("connection", (socket: Socket) => this.#add(socket));
    const timer = setInterval(() => this.#closeSlow(), Math.min(1_000, limits.maxRequestMs));
    server.once("close", () => clearInterval(timer));
  }

  get count(): number {
    return this.#connections.size;
  }

  /** Notes a request whose head has come. Gives false, and closes its connection, if that sends too many. */
  begin({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#connections.get(socket) ?? this.#add(socket);
    if (++connection.unanswered > this.#limits.maxPipelined) {
      this.#close(socket);
      return false;
    }
    response.once("close", () => {
      connection.unanswered--;
      if (connection.unanswered === 0) connection.owesSinceMs = performance.now();
    });
    return true;
  }

  /** Notes that the whole request has come. */
  read({ socket }: IncomingMessage): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) connection.owesSinceMs = undefined;
  }

  /** Closes the connections that owe a request. Resolves when the others have their answers, or are closed as well. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const [socket, { owesSinceMs }] of this.#connections) if (owesSinceMs !== undefined) this.#close(socket);
    this.#onEmpty = resolve;
    if (this.#connections.size === 0) resolve();
    const timer = setTimeout(resolve, maxClosingMs);
    await promise;
    clearTimeout(timer);
    for (const socket of this.#connections.keys()) this.#close(socket);
  }

  #close(socket: Socket): void {
    this.#forget(socket);
    socket.destroy();
  }

  #forget(socket: Socket): void {
    this.#connections.delete(socket);
    if (this.#connections.size === 0) this.#onEmpty();
  }

  #add(socket: Socket): Connection {
    const connection = { owesSinceMs: performance.now(), unanswered: 0 };
    if (this.#connections.size >= this.#limits.maxConnections) {
      socket.destroy();
      return connection;
    }
    this.#connections.set(socket, connection);
    socket.once("close", () => this.#forget(socket));
    return connection;
  }

  #closeSlow(): void {
    const nowMs = performance.now();
    for (const [socket, { owesSinceMs }] of this.#connections) {
      if (owesSinceMs !== undefined && nowMs - owesSinceMs > this.#limits.maxRequestMs) this.#close(socket);
    }
  }
}
