import type { Awaitable } from "../../avalanche/awaitable.ts";
import type { Room } from "../grpc/call.ts";

/**
 * What answers the HTTP requests of a chain: http.HTTP, HandleSimple and Handle. The seam is the Fetch standard, with
 * one short cut. Requests come at any time, in any number; the node itself lets none in before "normal operation".
 */
export interface HttpHandler {
  /**
   * Which requests the node hands on: those with exactly such a path below the chain's, `/ext/bc/<chain>`. Each begins
   * with "/", as "/info", or is "". From protocol 41 on any path comes, where a header of the request names the chain.
   */
  readonly paths: readonly string[];
  /**
   * Takes a request whose URL has the path below the chain's, of 8 MiB at most. What it throws is logged as a bug, and
   * the client gets the status 500 with the error's text. The body of the answer is read as a whole: there are no
   * streams. WebSockets are not possible.
   */
  readonly fetch: (request: Request, asker: HttpAsker) => Response | Promise<Response>;
  /**
   * Answers a small request without a `Request` and a `Response`, which would double its time. Undefined, with nothing
   * done, leaves the request to `fetch`.
   */
  readonly answerSimple?: (
    request: SimpleRequest,
    asker: HttpAsker,
  ) => SimpleAnswer | Promise<SimpleAnswer> | undefined;
  /** The header in which a proxy that the operator trusts names the client; "" or none for no such proxy. */
  readonly clientAddressHeader?: string;
}

/**
 * Where a VM serves http.HTTP itself, over gRPC: it has all limits in its own hands, and another thread if it likes.
 */
export interface HttpServer {
  /** As of `HttpHandler`. */
  readonly paths: readonly string[];
  /**
   * `host:port`, of the loopback interface. The node connects when it is asked for something; until the address is
   * known, CreateHandlers and with it the chain's start wait.
   */
  readonly address: Awaitable<string>;
}

/** A line of headers as it travels: the canonical name, and each value. */
export interface HeaderLine {
  readonly key: string;
  readonly values: string[];
}

/** A request of HandleSimple: all of it comes in one message. */
export interface SimpleRequest {
  readonly method: string;
  /** Below the chain's, with the query. */
  readonly path: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array;
}

/** An answer; headers of its own stand before those of the node, which it replaces where they have the same name. */
export interface SimpleAnswer {
  readonly code: number;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array;
}

/** Who waits for an answer. */
export interface HttpAsker {
  /** The same for requests that come from one client, as far as that is known. */
  readonly name: string;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** To be called when the request's body is of no more use. */
  releaseRequest(): void;
  /** To be called before so many more bytes of the answer are kept. False when there is no room for them. */
  holdAnswer(bytes: number): boolean;
}

/** The door before every request. */
export interface HttpAdmission {
  /** Bytes of a whole request. Larger ones are refused by their length prefix; 8 MiB where it says nothing. */
  readonly maxRequestBytes?: number;
  readonly admit: (bytes: number) => Room | undefined;
  /** Requests that are not answered yet. */
  readonly requests: number;
  /** How many were refused, by the reason. */
  readonly refused: Readonly<Record<string, number>>;
}
