import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { HTTP } from "../../gen/http/http_pb.ts";
import { VM } from "../../gen/vm/vm_pb.ts";
import { GrpcServer } from "./grpc-server.ts";
import { shakeHands } from "./handshake.ts";
import { healthService } from "./health-service.ts";
import { createHttpService, httpLimits } from "./http-service.ts";
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

  const server = new GrpcServer(log);
  let address = "";
  server.add(VM, createVmService({ session, log, version, getAddress: () => address }));
  server.add(
    HTTP,
    createHttpService(() => session.app),
    httpLimits,
  );
  server.add(Health, healthService);
  address = await server.listen();
  await shakeHands(runtimeAddress, address);
  log.debug("serving", { address, version });
}
