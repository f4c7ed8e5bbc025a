import { HTTP } from "../../../gen/http/http_pb.ts";
import type { Log } from "../../log.ts";
import { GrpcServer } from "../grpc/server.ts";
import type { Protocol } from "../protocol.ts";
import type { HttpAdmission, HttpHandler } from "./http-handler.ts";
import { createHttpService, httpOptions } from "./http-service.ts";

/**
 * A server of http.HTTP alone, which must listen on a port of its own, by `listenCoalesced`: clients make many calls at
 * a time, but consensus waits for each of its calls.
 */
export function createHttpServer(
  getHandler: () => HttpHandler | undefined,
  admission: HttpAdmission | undefined,
  protocol: Protocol,
  log: Log,
): GrpcServer {
  const server = new GrpcServer(log, { windowBytes: httpWindowBytes });
  server.add(HTTP, createHttpService(getHandler, protocol, admission), httpOptions(admission));
  return server;
}

/** Small, because a refused request has sent so much: a hundred may send it in one turn of the event loop. */
const httpWindowBytes = 64 * 1024;
