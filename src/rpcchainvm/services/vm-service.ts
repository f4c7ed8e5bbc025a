import { Error as Answer, State as NodeState, type VM } from "../../../gen/vm/vm_pb.ts";
import type { Awaitable } from "../../avalanche/awaitable.ts";
import { andThen } from "../../avalanche/awaitable.ts";
import { idFromBytes, idToBytes } from "../../avalanche/id.ts";
import type { Log } from "../../log.ts";
import type { Block, State } from "../chain-vm.ts";
import type { UnaryService } from "../grpc/server.ts";
import { nextEvent } from "../next-event.ts";
import type { Protocol } from "../protocol.ts";
import type { Session } from "../session.ts";
import { walkAncestors } from "./ancestors.ts";
import { createAppService } from "./app-service.ts";
import { blockReply, blockStatusOf, lastAcceptedReply, timestampOf } from "./block-replies.ts";
import type { HttpAdmission, HttpHandler } from "./http-handler.ts";
import { gatherMetrics } from "./metrics.ts";
import { createStateSyncService } from "./state-sync-service.ts";

/** What vm.VM needs for its answers. */
export interface VmServiceOptions {
  readonly session: Session;
  readonly protocol: Protocol;
  readonly log: Log;
  /** The VM's version. */
  readonly version: string;
  /** Where this process serves http.HTTP, `host:port`. */
  readonly httpAddress: string;
  /** Answers requests there that need no chain. */
  readonly staticHttp: HttpHandler | undefined;
  readonly admission: HttpAdmission | undefined;
}

type VmService = UnaryService<typeof VM>;

/** Every call of the node has an entry, also calls for what the VM does not have. */
export function createVmService(options: VmServiceOptions): VmService {
  return {
    ...createLifeCycle(options),
    ...createHandlers(options),
    ...createConsensus(options),
    ...createAppService(options),
    ...createStateSyncService(options),
  };
}

function createLifeCycle({ session, log, version, admission }: VmServiceOptions) {
  return {
    initialize: (request) => session.initialize(request, lastAcceptedReply),
    setState: ({ state }) => {
      const { vm } = session;
      return andThen(vm.setState?.(stateOf(state)), () => {
        log.info("state changed", { state: stateOf(state) });
        return lastAcceptedReply(vm.lastAccepted);
      });
    },
    shutdown: async () => {
      await session.shutDown();
      return {};
    },
    health: () => andThen(session.vm.health?.() ?? "{}", healthReply),
    version: () => ({ version }),
    gather: () => ({ metricFamilies: gatherMetrics(session.chainIfOpen?.vm, admission, log) }),
  } satisfies Partial<VmService>;
}

/** Where clients' requests go: to the chain, by path or by route header, or to the static handlers. */
function createHandlers({ session, httpAddress, staticHttp }: VmServiceOptions) {
  const chainHttp = () => session.chainIfOpen?.vm.http;
  const serverAddr = (): Awaitable<string> => {
    if (session.chainIfOpen === undefined) return httpAddress; // the address of most VMs
    const http = chainHttp();
    if (http === undefined) return "";
    return "address" in http ? http.address : httpAddress;
  };
  return {
    createHandlers: () =>
      andThen(serverAddr(), (serverAddr) => ({
        handlers: (chainHttp()?.paths ?? []).map((prefix) => ({ prefix, serverAddr })),
      })),
    newHTTPHandler: () => andThen(serverAddr(), (serverAddr) => ({ serverAddr })),
    createHTTP2Handler: () => andThen(serverAddr(), (serverAddr) => ({ serverAddr })),
    createStaticHandlers: () => ({
      handlers: (staticHttp?.paths ?? []).map((prefix) => ({ prefix, serverAddr: httpAddress })),
    }),
  } satisfies Partial<VmService>;
}

function createConsensus({ session, protocol }: VmServiceOptions) {
  const status = (block: Block): Awaitable<object> =>
    protocol.hasBlockStatus ? andThen(blockStatusOf(session.vm, block), (status) => ({ status })) : {};
  const parseReply = (bytes: Uint8Array) =>
    andThen(session.vm.parseBlock(bytes), (block) =>
      andThen(status(block), (status) => ({ ...blockReply(block), ...status, id: idToBytes(block.id) })),
    );
  return {
    waitForEvent: async (_request, { signal }) => {
      const event = await nextEvent(session.vm, [signal, session.ended]);
      return { message: protocol.messages[event] };
    },
    buildBlock: () =>
      andThen(session.vm.buildBlock(), (block) => ({
        ...blockReply(block),
        id: idToBytes(block.id),
        bytes: block.bytes,
      })),
    parseBlock: ({ bytes }) => parseReply(bytes),
    batchedParseBlock: async ({ request }) => {
      const response = [];
      for (const bytes of request) response.push(await parseReply(bytes));
      return { response };
    },
    getBlock: ({ id }) =>
      andThen(session.vm.getBlock(idFromBytes(id)), (block) =>
        block === undefined
          ? { err: Answer.NOT_FOUND }
          : andThen(status(block), (status) => ({ ...blockReply(block), ...status, bytes: block.bytes })),
      ),
    getAncestors: ({ blkId, maxBlocksNum, maxBlocksSize, maxBlocksRetrivalTime }) => {
      const maxMs = Number(maxBlocksRetrivalTime) / nanosecondsPerMs;
      const limits = { maxBlocks: maxBlocksNum, maxBytes: maxBlocksSize, maxMs };
      const { vm } = session;
      const id = idFromBytes(blkId);
      const blocks = vm.getAncestors?.(id, limits) ?? walkAncestors(vm, id, limits);
      return andThen(blocks, (blksBytes) => ({ blksBytes: [...blksBytes] }));
    },
    verifyHeightIndex: () => ({ err: Answer.UNSPECIFIED }),
    getBlockIDAtHeight: ({ height }) =>
      andThen(session.vm.getBlockIdAtHeight(height), (id) =>
        id === undefined ? { err: Answer.NOT_FOUND } : { blkId: idToBytes(id) },
      ),
    setPreference: ({ id }) => andThen(session.vm.setPreference(idFromBytes(id)), nothing),
    blockVerify: ({ bytes }) => andThen(session.vm.verifyBlock(bytes), (block) => ({ timestamp: timestampOf(block) })),
    blockAccept: ({ id }) => andThen(session.vm.acceptBlock(idFromBytes(id)), nothing),
    blockReject: ({ id }) => andThen(session.vm.rejectBlock(idFromBytes(id)), nothing),
  } satisfies Partial<VmService>;
}

/** Text that is not JSON becomes a JSON string: else the node's report about all its chains would be cut off. */
function healthReply(text: string) {
  return { details: new TextEncoder().encode(isJson(text) ? text : JSON.stringify(text)) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function nothing() {
  return {};
}

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
