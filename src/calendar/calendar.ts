import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { cannotListen } from "../avalanche/system-error.ts";
import type { CallApi } from "../client/client.ts";
import { type Address, formatAddress } from "../core/address.ts";
import type { Log } from "../log.ts";
import { Aggregator, type AggregatorLimits, aggregatorLimits } from "./aggregator.ts";
import { type ConnectionLimits, Connections, connectionLimits } from "./connections.ts";
import { Desk } from "./desk.ts";
import { LookUps } from "./look-ups.ts";
import { Rate } from "./rate.ts";
import { rootStamper } from "./stamp-root.ts";

export interface CalendarOptions {
  /** Where to listen. Port 0 is any free one. */
  readonly address: Address;
  /** Asks the node. What it says of blocks is not believed: a block must have its id, and carry the root. */
  readonly call: CallApi;
  /** Goes into every proof, so that clients can ask later; undefined for none. See `readUri`. */
  readonly uri: string | undefined;
  /** Requests a second from one address. */
  readonly maxRate: number;
  readonly log: Log;
  readonly limits?: Partial<AggregatorLimits & ConnectionLimits>;
}

/** A calendar that is served. */
export interface Calendar {
  readonly url: string;
  readonly port: number;
  /** Takes no more digests, and resolves when those that wait are answered or refused. */
  readonly close: () => Promise<void>;
}

/** Bytes of the head of a request. Those of the stock clients have some 300. */
const maxHeadBytes = 8 * 1024;

/**
 * Serves a calendar of OpenTimestamps. It keeps nothing: the proofs are with its clients, and the roots on the chain.
 * Rejects if it cannot listen.
 */
export async function startCalendar({ address, call, uri, maxRate, log, limits }: CalendarOptions): Promise<Calendar> {
  const server = createServer({ maxHeaderSize: maxHeadBytes });
  const connections = new Connections(server, { ...connectionLimits, ...limits });
  const stamping = { stampRoot: rootStamper(call, log), uri, log, limits: { ...aggregatorLimits, ...limits } };
  const aggregator = new Aggregator(stamping);
  try {
    server.listen(address.port, address.host);
    await once(server, "listening");
  } catch (error) {
    throw cannotListen(formatAddress(address.host, address.port), error);
  }
  const port = portOf(server);
  const url = `http://${formatAddress(address.host, port)}`;
  const desk = new Desk({
    url: uri ?? url,
    aggregator,
    connections,
    lookUps: new LookUps(call, log),
    rate: new Rate(maxRate),
    log,
  });
  server.on("request", desk.serve);
  log.debug("serving", { url });
  const close = async () => {
    server.close();
    await aggregator.close();
    await connections.close();
  };
  return { url, port, close };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
