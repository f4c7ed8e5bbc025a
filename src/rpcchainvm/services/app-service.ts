import { ConnectError } from "@connectrpc/connect";
import type { VM } from "../../../gen/vm/vm_pb.ts";
import type { Awaitable } from "../../avalanche/awaitable.ts";
import { textOf } from "../../avalanche/coded-error.ts";
import { type NodeId, nodeIdBytes, nodeIdFromBytes } from "../../avalanche/node-id.ts";
import type { Log } from "../../log.ts";
import type { AppHandler, ChainVm } from "../chain-vm.ts";
import type { UnaryService } from "../grpc/server.ts";
import { AppError, type AppSender } from "../node/app-sender.ts";
import type { Session } from "../session.ts";

/** What the app calls of vm.VM need. */
export interface AppServiceOptions {
  readonly session: Session;
  readonly log: Log;
}

/** A chain, and a peer of it. */
interface Peer {
  readonly vm: ChainVm;
  readonly appSender: AppSender;
  readonly nodeId: NodeId;
}

/**
 * Takes messages of peers. Any peer may send anything, also before the chain is open. An error in the answer to the
 * node would end the chain (avalanchego v1.14.2, snow/networking/handler/handler.go:370), so errors are only logged.
 */
export function createAppService({ session, log }: AppServiceOptions) {
  const withPeer = (what: string, nodeId: Uint8Array, work: (peer: Peer) => unknown): Awaitable<object> => {
    const logError = (error: unknown) => {
      const isOfNode = error instanceof ConnectError; // the node cannot be reached, or shuts us down
      log[isOfNode ? "debug" : "error"](`${what} not taken`, { error: textOf(error) });
      return {};
    };
    try {
      const chain = session.chainIfOpen;
      if (chain === undefined || nodeId.length !== nodeIdBytes) return {};
      const done = work({ vm: chain.vm, appSender: chain.node.appSender, nodeId: nodeIdFromBytes(nodeId) });
      return done instanceof Promise ? done.then(() => ({}), logError) : {};
    } catch (error) {
      return logError(error);
    }
  };
  return {
    appGossip: ({ nodeId, msg }) => withPeer("gossip", nodeId, ({ vm, nodeId }) => vm.app?.appGossip?.(nodeId, msg)),
    appRequest: ({ nodeId, requestId, request, deadline: at }) => {
      const deadline = dateOf(at);
      const answer = (peer: Peer) => answerRequest(peer, requestId, { nodeId: peer.nodeId, request, deadline }, log);
      // If the VM answers no requests, the peer waits until its deadline.
      return byDeadline(
        deadline,
        withPeer("app request", nodeId, (peer) => peer.vm.app?.appRequest && answer(peer)),
      );
    },
    appResponse: ({ nodeId, requestId, response }) =>
      withPeer("app response", nodeId, ({ appSender, nodeId }) => appSender.takeResponse(nodeId, requestId, response)),
    appRequestFailed: ({ nodeId, requestId, errorCode, errorMessage }) =>
      withPeer("app request's failure", nodeId, ({ appSender, nodeId }) =>
        appSender.takeFailure(nodeId, requestId, new AppError(errorCode, errorMessage || "no answer")),
      ),
    connected: ({ nodeId, name, major, minor, patch }) =>
      withPeer("connection", nodeId, ({ vm, nodeId }) =>
        // Until protocol 30 the name is the whole version.
        vm.connected?.(nodeId, name.includes("/") ? name : `${name}/${major}.${minor}.${patch}`),
      ),
    disconnected: ({ nodeId }) => withPeer("disconnection", nodeId, ({ vm, nodeId }) => vm.disconnected?.(nodeId)),
    // Requests between chains of one node. No release after v1.11.11 sends them.
    crossChainAppRequest: () => ({}),
    crossChainAppRequestFailed: () => ({}),
    crossChainAppResponse: () => ({}),
  } satisfies Partial<UnaryService<typeof VM>>;
}

interface AppRequest {
  readonly nodeId: NodeId;
  readonly request: Uint8Array;
  readonly deadline: Date;
}

async function answerRequest({ vm, appSender }: Peer, requestId: number, request: AppRequest, log: Log): Promise<void> {
  const response = await askVm(vm.app, request, log);
  if (response instanceof AppError) await appSender.refuse(request.nodeId, requestId, response);
  else await appSender.respond(request.nodeId, requestId, response);
}

/** A bug is logged, and the peer only gets "no answer". */
async function askVm(app: AppHandler | undefined, { nodeId, request, deadline }: AppRequest, log: Log) {
  try {
    return (await app?.appRequest?.(nodeId, request, deadline)) ?? noAnswer;
  } catch (error) {
    if (error instanceof AppError) return error;
    log.error("app request failed", { error: textOf(error) });
    return noAnswer;
  }
}

const noAnswer = new AppError(0, "no answer");

/**
 * Gives what `answered` gives, or {} when the deadline has passed. The VM may answer late or never, and while the node
 * waits for two answers it takes nothing else from peers (v1.14.2, snow/networking/handler/handler.go:772).
 */
function byDeadline(deadline: Date, answered: Awaitable<object>): Awaitable<object> {
  if (!(answered instanceof Promise)) return answered;
  const { promise: tooLate, resolve } = Promise.withResolvers<object>();
  const waitMs = deadline.getTime() - Date.now();
  const timer = setTimeout(() => resolve({}), waitMs > 0 ? Math.min(waitMs, maxWaitMs) : 0);
  return Promise.race([answered, tooLate]).finally(() => clearTimeout(timer));
}

/** The node's own limit (v1.14.2, `network-maximum-inbound-timeout`). A timer of more than 2^31 ms fires at once. */
const maxWaitMs = 10_000;

function dateOf(time: { readonly seconds: bigint; readonly nanos: number } | undefined): Date {
  return new Date(Number(time?.seconds ?? 0n) * 1_000 + (time?.nanos ?? 0) / 1e6);
}
