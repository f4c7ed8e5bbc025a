import type { Awaitable } from "../../avalanche/awaitable.ts";
import type { Room } from "../grpc/call.ts";

/**
 * Answers the HTTP requests of a chain: http.HTTP, HandleSimple and Handle. It takes and gives objects of the Fetch
 * standard, with one short cut. Requests come at any time and in any number, but none before "normal operation".
 */
export interface HttpHandler {
  /**
   * The node passes on requests with exactly these paths below the chain's, `/ext/bc/<chain>` or an alias of it. Each
   * is "" or begins with "/", such as "/info". From protocol 41 on, requests with any path come too, if a header names
   * the chain. One whose path ends with one of these is taken for a request with that path.
   */
  readonly paths: readonly string[];
  /**
   * Answers a request of at most 8 MiB. Its URL has the path below the chain's. An error is logged as a bug, and the
   * client gets the status 500 with the error's text. The answer is read as a whole: no streams, no WebSockets.
   */
  readonly fetch: (request: Request, asker: HttpAsker) => Response | Promise<Response>;
  /**
   * Answers a small request without a `Request` and a `Response`, which would double its time. Gives undefined, and
   * does nothing, to leave the request to `fetch`.
   */
  readonly answerSimple?: (
    request: SimpleRequest,
    asker: HttpAsker,
  ) => SimpleAnswer | Promise<SimpleAnswer> | undefined;
  /** The header in which the operator's proxy names the client; "" or undefined if there is no such proxy. */
  readonly clientAddressHeader?: string;
}

/** A VM's own gRPC server of http.HTTP. The VM sets all limits itself, and may serve on another thread. */
export interface HttpServer {
  /** Like `HttpHandler.paths`. */
  readonly paths: readonly string[];
  /**
   * `host:port` on the loopback interface. The node connects at the first request. CreateHandlers, and so the chain's
   * start, wait until the address is known.
   */
  readonly address: Awaitable<string>;
}

/** One header: its canonical name (such as "Content-Type") and its values. */
export interface HeaderLine {
  readonly key: string;
  readonly values: string[];
}

/** A request of HandleSimple, which comes in one message. */
export interface SimpleRequest {
  readonly method: string;
  /** The path below the chain's, with the query. */
  readonly path: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array;
}

/** An answer. Its headers replace the node's of the same name, or join them in a list to which both add, as `Vary`. */
export interface SimpleAnswer {
  readonly code: number;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array;
}

/** Who waits for an answer. */
export interface HttpAsker {
  /** The same for all requests of one client, as far as that is known. */
  readonly name: string;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** To be called when the request's body is not needed any more. */
  releaseRequest(): void;
  /** To be called before `bytes` more of the answer are kept. False when there is no room for them. */
  holdAnswer(bytes: number): boolean;
}

/** Decides for every request whether there is room for it. */
export interface HttpAdmission {
  /** Bytes of a whole request; 8 MiB if undefined. Larger requests are refused by their length prefix. */
  readonly maxRequestBytes?: number;
  readonly admit: (bytes: number) => Room | undefined;
  /** Requests that are not answered yet. */
  readonly requests: number;
  /** How many were refused, for each reason. */
  readonly refused: Readonly<Record<string, number>>;
}
