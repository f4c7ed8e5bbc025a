import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { HTTP } from "../../gen/http/http_pb.ts";
import { VM } from "../../gen/vm/vm_pb.ts";
import type { Log } from "../log.ts";
import type { ChainOptions } from "../plugin/initialize.ts";
import { statusOf } from "../plugin/status-of.ts";
import { GrpcServer } from "./grpc/server.ts";
import type { Protocol } from "./protocol.ts";
import { encodeHandlers, type HandlersReply } from "./services/handlers-reply.ts";
import { healthService } from "./services/health-service.ts";
import { createHttpService, type HttpAdmission, type HttpApp, httpOptions } from "./services/http-service.ts";
import { decodeInitialize } from "./services/initialize-request.ts";
import { createVmService, type VmServiceOptions } from "./services/vm-service.ts";
import { Session } from "./session.ts";
import { chooseProtocol, type Environment, offeredVariable, overrideVariable } from "./start/choose-protocol.ts";
import { addGoPluginServices, goPluginLine } from "./start/go-plugin.ts";
import { ProtocolMismatch, shakeHands } from "./start/handshake.ts";
import { type Known, KnownProtocol } from "./start/known-protocol.ts";
import { watchLifetime } from "./start/lifetime.ts";
import { nodeProcess } from "./start/node-process.ts";

/** The environment variable in which the node says where it waits for the handshake; older ones use go-plugin's. */
const runtimeAddressVariable = "AVALANCHE_VM_RUNTIME_ENGINE_ADDR";

/** A node sets one of these for each process that it starts. */
export const nodeVariables = [runtimeAddressVariable, offeredVariable];

export interface PluginOptions extends Omit<ChainOptions, "protocol" | "node"> {
  /** What the node gave us. */
  readonly environment: Environment;
  /** Which requests of a chain the node hands on: those with exactly such a path. */
  readonly httpPaths: readonly string[];
  readonly admission: HttpAdmission;
  /** Called when the node calls, and when it is answered. */
  readonly onNodeCall: () => void;
  /** Answers HTTP requests where there is no chain. */
  readonly staticApp: HttpApp;
  /** Writes to standard output, which only the handshake of old nodes may use. */
  readonly writeOut: (text: string) => void;
}

/** Serves a node until it shuts us down or dies. Throws when we cannot speak its protocol, or it refuses the handshake. */
export async function servePlugin({ environment, httpPaths, staticApp, writeOut, ...options }: PluginOptions) {
  const { log, version, admission, onNodeCall } = options;
  const parent = process.ppid;
  const node = nodeProcess(parent, process.platform);
  const runtimeAddress = environment[runtimeAddressVariable];
  const known = runtimeAddress === undefined ? undefined : await KnownProtocol.of(node);
  const { protocol, reason } = await chooseProtocol(environment, node, known);
  log.info("protocol chosen", { protocol: protocol.version, reason, version });

  const session = new Session({ ...options, protocol, node: { args: node.args, environment } });
  const leave = () => {
    session.shutDown();
    process.exit(0);
  };
  let isShaken = false;
  let isToldToLeave = false;
  watchLifetime({
    parent,
    mayLeave: (signal) => {
      if (!session.mayLeave || !protocol.stopSignals.includes(signal)) return false;
      isToldToLeave = true;
      return isShaken;
    },
    leave,
  });
  // Whatever goes wrong in one call, the node cannot replace us: every later call would wait for ever.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => log.error(event, { error: String((error as Error)?.stack ?? error) }));
  }

  const httpAddress = await serveHttp(() => session.app ?? staticApp, admission, protocol, log);
  const server = new GrpcServer(log, { onCall: onNodeCall, statusOf });
  addVmService(server, { session, protocol, log, version, httpAddress, httpPaths, admission });
  server.add(Health, healthService);
  addGoPluginServices(server, leave);
  const address = await server.listen();
  if (runtimeAddress === undefined) writeOut(goPluginLine(protocol.version, address));
  else await shakeOrRemember(runtimeAddress, protocol, address, known);
  isShaken = true;
  if (isToldToLeave) leave(); // the signal was faster than the node's answer
  log.debug("serving", { address, httpAddress });
}

/** On a listener of its own: clients come in numbers, while consensus waits for each answer. */
function serveHttp(getApp: () => HttpApp, admission: HttpAdmission, protocol: Protocol, log: Log): Promise<string> {
  const server = new GrpcServer(log, { windowBytes: httpWindowBytes });
  server.add(HTTP, createHttpService(getApp, protocol), httpOptions(admission));
  return server.listenCoalesced();
}

/** Little of a request that is refused: of a hundred large ones, it is what comes in one turn of the event loop. */
const httpWindowBytes = 64 * 1024;

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

/** Whether the node takes our protocol or refuses it, the processes that it starts later need not ask. */
async function shakeOrRemember(
  runtimeAddress: string,
  { version }: Protocol,
  address: string,
  known: KnownProtocol | undefined,
): Promise<void> {
  try {
    await shakeHands(runtimeAddress, version, address);
  } catch (error) {
    if (!(error instanceof ProtocolMismatch)) throw error;
    const { wanted } = error;
    const problem = remember(known, { version: wanted, refused: version });
    const next =
      problem === undefined
        ? "the next process that this node starts will speak it. If the chain is not up then, restart the node"
        : `start the node with ${overrideVariable}=${wanted} in its environment (not remembered: ${problem})`;
    throw new Error(`AvalancheGo speaks RPCChainVM protocol ${wanted}, not ${version}: ${next}`);
  }
  if (known?.recall() === undefined) remember(known, { version, refused: undefined });
}

/** Gives what went wrong; undefined when nothing did. */
function remember(known: KnownProtocol | undefined, what: Known): string | undefined {
  if (known === undefined) return "the node's process cannot be told from others";
  try {
    known.remember(what);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
