import { Error as Answer, Message, State as NodeState, type VM } from "../../../gen/vm/vm_pb.ts";
import { idFromBytes, idToBytes } from "../../avalanche/id.ts";
import { nodeIdFromBytes } from "../../avalanche/node-id.ts";
import type { Block } from "../../core/block.ts";
import { formatExactJson } from "../../core/exact-json.ts";
import type { Log } from "../../log.ts";
import { decodeGossip } from "../../plugin/gossip.ts";
import { gatherMetrics } from "../../plugin/metrics.ts";
import type { State } from "../../vm/status.ts";
import type { UnaryService } from "../grpc/server.ts";
import type { Protocol } from "../protocol.ts";
import type { Session } from "../session.ts";
import { blockReply, lastAcceptedReply, statusOf, timestampOf } from "./block-replies.ts";
import type { HttpAdmission } from "./http-service.ts";

export interface VmServiceOptions {
  readonly session: Session;
  readonly protocol: Protocol;
  readonly log: Log;
  /** Of this program. */
  readonly version: string;
  /** Where we serve http.HTTP, `host:port`. */
  readonly httpAddress: string;
  /** The paths of a chain's requests that we answer there. */
  readonly httpPaths: readonly string[];
  readonly admission: HttpAdmission;
}

type VmService = UnaryService<typeof VM>;

/** Everything the node asks, one entry for each call: what we do not support is written down as such. */
export function createVmService(options: VmServiceOptions): VmService {
  return {
    ...createLifeCycle(options),
    ...createHandlers(options),
    ...createConsensus(options),
    ...createPeers(options),
    ...stateSync,
  };
}

function createLifeCycle({ session, log, version, admission }: VmServiceOptions) {
  return {
    initialize: async (request) => lastAcceptedReply(await session.initialize(request)),
    setState: ({ state }) => {
      session.vm.setState(stateOf(state));
      log.info("state changed", { state: stateOf(state) });
      return lastAcceptedReply(session.vm.lastAccepted);
    },
    shutdown: () => {
      session.shutDown();
      return {};
    },
    health: () => ({ details: new TextEncoder().encode(formatExactJson(session.vm.checkHealth())) }),
    version: () => ({ version }),
    gather: () => ({ metricFamilies: gatherMetrics(() => session.vmIfOpen?.status(), admission, log) }),
  } satisfies Partial<VmService>;
}

/** What clients ask of the chain, by path or by route header; and one handler that needs no chain. */
function createHandlers({ httpAddress, httpPaths }: VmServiceOptions) {
  const toHandler = (prefix: string) => ({ prefix, serverAddr: httpAddress });
  return {
    createHandlers: () => ({ handlers: httpPaths.map(toHandler) }),
    newHTTPHandler: () => ({ serverAddr: httpAddress }),
    createHTTP2Handler: () => ({ serverAddr: httpAddress }),
    createStaticHandlers: () => ({ handlers: [toHandler("/static")] }),
  } satisfies Partial<VmService>;
}

function createConsensus({ session, protocol }: VmServiceOptions) {
  const status = (block: Block) => (protocol.hasBlockStatus ? { status: statusOf(session.vm, block) } : {});
  const parseReply = (bytes: Uint8Array) => {
    const block = session.vm.parseBlock(bytes);
    return { ...blockReply(block), ...status(block), id: idToBytes(block.id) };
  };
  return {
    waitForEvent: async (_request, { signal }) => {
      await session.vm.waitForEvent(signal);
      return { message: Message.BUILD_BLOCK };
    },
    buildBlock: () => {
      const block = session.vm.buildBlock();
      return { ...blockReply(block), id: idToBytes(block.id), bytes: block.bytes };
    },
    parseBlock: ({ bytes }) => parseReply(bytes),
    batchedParseBlock: ({ request }) => ({ response: request.map((bytes) => parseReply(bytes)) }),
    getBlock: ({ id }) => {
      const block = session.vm.getBlock(idFromBytes(id));
      if (block === undefined) return { err: Answer.NOT_FOUND };
      return { ...blockReply(block), ...status(block), bytes: block.bytes };
    },
    getAncestors: ({ blkId, maxBlocksNum, maxBlocksSize, maxBlocksRetrivalTime }) => {
      const maxMs = Number(maxBlocksRetrivalTime) / nanosecondsPerMs;
      const limits = { maxBlocks: maxBlocksNum, maxBytes: maxBlocksSize, maxMs };
      return { blksBytes: session.vm.getAncestors(idFromBytes(blkId), limits).map(({ bytes }) => bytes) };
    },
    verifyHeightIndex: () => ({ err: Answer.UNSPECIFIED }),
    getBlockIDAtHeight: ({ height }) => {
      const id = session.vm.getBlockIdAtHeight(height);
      return id === undefined ? { err: Answer.NOT_FOUND } : { blkId: idToBytes(id) };
    },
    setPreference: ({ id }) => {
      session.vm.setPreference(idFromBytes(id));
      return {};
    },
    blockVerify: ({ bytes }) => ({ timestamp: timestampOf(session.vm.verifyBlock(bytes)) }),
    blockAccept: async ({ id }) => {
      await session.acceptBlock(idFromBytes(id));
      return {};
    },
    blockReject: ({ id }) => {
      session.vm.rejectBlock(idFromBytes(id));
      return {};
    },
  } satisfies Partial<VmService>;
}

/** Any peer may send anything, and an error would stop the chain. */
function createPeers({ session, log }: VmServiceOptions) {
  return {
    appGossip: ({ nodeId, msg }) => {
      try {
        session.vmIfOpen?.addGossip(decodeGossip(msg), nodeIdFromBytes(nodeId));
      } catch (error) {
        log.error("gossip not taken", { error: String(error) });
      }
      return {};
    },
    connected: ({ nodeId }) => {
      session.addPeer(nodeId);
      return {};
    },
    disconnected: ({ nodeId }) => {
      session.removePeer(nodeId);
      return {};
    },
    appRequest: () => ({}),
    appRequestFailed: () => ({}),
    appResponse: () => ({}),
    crossChainAppRequest: () => ({}),
    crossChainAppRequestFailed: () => ({}),
    crossChainAppResponse: () => ({}),
  } satisfies Partial<VmService>;
}

/**
 * Not supported: the node bootstraps block by block instead. NOT_FOUND has one number in all protocols; the number of
 * STATE_SYNC_NOT_IMPLEMENTED changed, and a wrong one is taken for success.
 */
const stateSync = {
  stateSyncEnabled: () => ({ enabled: false }),
  getOngoingSyncStateSummary: () => ({ err: Answer.NOT_FOUND }),
  getLastStateSummary: () => ({ err: Answer.NOT_FOUND }),
  parseStateSummary: () => ({ err: Answer.NOT_FOUND }),
  getStateSummary: () => ({ err: Answer.NOT_FOUND }),
  stateSummaryAccept: () => ({ err: Answer.NOT_FOUND }),
} satisfies Partial<VmService>;

const nanosecondsPerMs = 1e6;

function stateOf(state: NodeState): State {
  switch (state) {
    case NodeState.STATE_SYNCING:
      return "state syncing";
    case NodeState.BOOTSTRAPPING:
      return "bootstrapping";
    case NodeState.NORMAL_OP:
      return "normal operation";
    default:
      return "initializing";
  }
}
