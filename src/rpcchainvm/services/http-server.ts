import { HTTP } from "../../../gen/http/http_pb.ts";
import type { Log } from "../../log.ts";
import { GrpcServer } from "../grpc/server.ts";
import type { Protocol } from "../protocol.ts";
import type { HttpAdmission, HttpHandler } from "./http-handler.ts";
import { createHttpService, httpOptions } from "./http-service.ts";

/**
 * A server of http.HTTP alone: clients come in numbers, while consensus waits for each answer. Whoever listens with it
 * does so on a port of its own, by `listenCoalesced`.
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

/** Little of a request that is refused: of a hundred large ones, it is what comes in one turn of the event loop. */
const httpWindowBytes = 64 * 1024;
