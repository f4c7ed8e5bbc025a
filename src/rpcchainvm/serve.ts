import { setTimeout } from "node:timers/promises";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { VM } from "../../gen/vm/vm_pb.ts";
import { textOf } from "../avalanche/coded-error.ts";
import { Log } from "../log.ts";
import type { ChainVm, NodeContext } from "./chain-vm.ts";
import type { StatusOf } from "./grpc/error.ts";
import { GrpcServer } from "./grpc/server.ts";
import type { Protocol } from "./protocol.ts";
import { encodeHandlers, type HandlersReply } from "./services/handlers-reply.ts";
import { healthService } from "./services/health-service.ts";
import type { HttpAdmission, HttpHandler } from "./services/http-handler.ts";
import { createHttpServer } from "./services/http-server.ts";
import { decodeInitialize } from "./services/initialize-request.ts";
import { createVmService, type VmServiceOptions } from "./services/vm-service.ts";
import { Session } from "./session.ts";
import { chooseProtocol, type Environment, offeredVariable } from "./start/choose-protocol.ts";
import { addGoPluginServices, goPluginLine } from "./start/go-plugin.ts";
import { KnownProtocol } from "./start/known-protocol.ts";
import { watchLifetime } from "./start/lifetime.ts";
import { logBugs } from "./start/log-bugs.ts";
import { nodeProcess } from "./start/node-process.ts";
import { shakeOrRemember } from "./start/remember-protocol.ts";
import { writeTo } from "./start/standard-streams.ts";

/** A kind of chain, which a node may run. */
export interface VmDefinition {
  /** The VM's id is this name as bytes: at most 32. */
  readonly name: string;
  /** The program's version, which the node shows. */
  readonly version: string;
  /** Opens the chain that the node asks for. It must hold nothing open when it rejects: the node may try again. */
  readonly open: (context: NodeContext) => Promise<ChainVm>;
  /** The gRPC status of errors that the VM throws on purpose. Every other one is logged as a bug. */
  readonly statusOf?: StatusOf;
  /** Answers HTTP requests that need no chain, under `/ext/vm/<VM>`: until protocol 30. */
  readonly staticHttp?: HttpHandler;
}

/** What a test may replace; what is left out is the process's own. */
export interface ServeOptions {
  /** The variables that the node started us with. */
  readonly environment?: Environment;
  readonly log?: Log;
  /** Writes to standard output, which only the handshake of old nodes may use. */
  readonly writeOut?: (text: string) => void;
  /** Admits HTTP requests by their size. Without it each may have `maxHttpRequestBytes`; nothing else is limited. */
  readonly admission?: HttpAdmission;
}

/** The environment variable with the address where the node waits for the handshake. Older nodes use go-plugin's. */
const runtimeAddressVariable = "AVALANCHE_VM_RUNTIME_ENGINE_ADDR";

/** A node sets one of these for each plugin that it starts. */
export const nodeVariables: readonly string[] = [runtimeAddressVariable, offeredVariable];

/**
 * Serves the node that started this process, until it shuts us down or dies: then the process exits. Rejects when we
 * cannot speak its protocol, or when it refuses the handshake.
 */
export async function servePlugin(vm: VmDefinition, options: ServeOptions = {}): Promise<void> {
  const { environment = process.env, log = defaultLog(), writeOut = writeTo(1), admission } = options;
  const { name, version } = vm;
  const parent = process.ppid;
  const node = nodeProcess(parent, process.platform);
  const runtimeAddress = environment[runtimeAddressVariable];
  const known = runtimeAddress === undefined ? undefined : await KnownProtocol.of(name, node);
  const { protocol, reason } = await chooseProtocol({ name, environment, node, known });
  log.info("protocol chosen", { protocol: protocol.version, reason, version });

  const session = new Session({ protocol, node: { args: node.args, environment }, log, open: vm.open });
  const lifetime = watchSession(session, protocol, parent, log);
  logBugs(log);
  const http = () => handlerOf(session) ?? vm.staticHttp;
  const httpAddress = await createHttpServer(http, admission, protocol, log).listenCoalesced();
  const server = new GrpcServer(log, {
    ...(vm.statusOf && { statusOf: vm.statusOf }),
  });
  addVmService(server, { session, protocol, log, version, httpAddress, staticHttp: vm.staticHttp, admission });
  server.add(Health, healthService);
  addGoPluginServices(server, lifetime.end);
  const address = await server.listen();
  if (runtimeAddress === undefined) writeOut(goPluginLine(protocol.version, address));
  else await shakeOrRemember({ vmName: name, runtimeAddress, protocol, address, known });
  lifetime.noteHandshake();
  log.debug("serving", { address, httpAddress });
}

/** As long as a node waits (avalanchego v1.14.2, subprocess/linux_stopper.go:29): `shutdown` of a VM may hang. */
const endTimeoutMs = 5_000;

/** Ends the process when the node wants it, or is gone. */
function watchSession(session: Session, protocol: Protocol, parent: number, log: Log) {
  const end = () =>
    void Promise.race([session.shutDown(), setTimeout(endTimeoutMs)])
      .catch((error) => log.error("shutdown failed", { error: textOf(error) }))
      .finally(() => process.exit(0));
  let isShaken = false;
  let isAskedToEnd = false;
  watchLifetime({
    parent,
    mayEnd: (signal) => {
      if (!session.mayEnd || !protocol.stopSignals.includes(signal)) return false;
      isAskedToEnd = true;
      return isShaken;
    },
    end,
  });
  return {
    end,
    /** Until the handshake is done, a signal to end waits: it may be faster than the node's answer. */
    noteHandshake: () => {
      isShaken = true;
      if (isAskedToEnd) end();
    },
  };
}

/** The handler of a chain that has no HTTP server of its own. */
function handlerOf(session: Session): HttpHandler | undefined {
  const http = session.chainIfOpen?.vm.http;
  return http === undefined || "address" in http ? undefined : http;
}

function addVmService(server: GrpcServer, options: VmServiceOptions): void {
  const { protocol } = options;
  const handlers = { encode: (reply: HandlersReply) => encodeHandlers(protocol, reply) };
  server.add(VM, createVmService(options), {
    codecs: {
      initialize: { decode: (bytes) => decodeInitialize(protocol, bytes) },
      createHandlers: handlers,
      createStaticHandlers: handlers,
    },
  });
}

function defaultLog(): Log {
  const write = writeTo(2);
  return new Log((line) => write(`${line}\n`));
}
