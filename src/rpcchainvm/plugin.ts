import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { HTTP } from "../../gen/http/http_pb.ts";
import { VM } from "../../gen/vm/vm_pb.ts";
import type { Log } from "../log.ts";
import { GrpcServer } from "./grpc-server.ts";
import { shakeHands } from "./handshake.ts";
import { healthService } from "./health-service.ts";
import { createHttpService, type HttpApp, httpLimits } from "./http-service.ts";
import { watchLifetime } from "./lifetime.ts";
import type { ChainOptions } from "./open-chain.ts";
import { Session } from "./session.ts";
import { createVmService } from "./vm-service.ts";

/** The environment variable in which the node says where it waits for the handshake. */
export const runtimeAddressVariable = "AVALANCHE_VM_RUNTIME_ENGINE_ADDR";

export interface PluginOptions extends ChainOptions {
  /** Where the node waits for the handshake, `host:port`. */
  readonly runtimeAddress: string;
  /** Of this program. */
  readonly version: string;
}

/** Serves a node until it shuts us down or dies. Throws when the node refuses the handshake. */
export async function servePlugin({ runtimeAddress, version, ...options }: PluginOptions): Promise<void> {
  const { log } = options;
  const session = new Session(options);
  watchLifetime({
    mayLeave: () => session.mayLeave,
    leave: () => {
      session.shutDown();
      process.exit(0);
    },
  });
  // Whatever goes wrong in one call, the node cannot replace us: every later call would wait for ever.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => log.error(event, { error: String((error as Error)?.stack ?? error) }));
  }

  const httpAddress = await serveHttp(() => session.app, log);
  const server = new GrpcServer(log);
  server.add(VM, createVmService({ session, log, version, httpAddress }));
  server.add(Health, healthService);
  const address = await server.listen();
  await shakeHands(runtimeAddress, address);
  log.debug("serving", { address, httpAddress, version });
}

/** On a listener of its own: clients come in numbers, while consensus waits for each answer. */
function serveHttp(getApp: () => HttpApp, log: Log): Promise<string> {
  const server = new GrpcServer(log);
  server.add(HTTP, createHttpService(getApp), httpLimits);
  return server.listenCoalesced();
}
