import { Error as Answer, StateSummaryAcceptResponse_Mode as Mode, type VM } from "../../../gen/vm/vm_pb.ts";
import type { Awaitable } from "../../avalanche/awaitable.ts";
import { andThen } from "../../avalanche/awaitable.ts";
import { idToBytes } from "../../avalanche/id.ts";
import type { StateSummary, StateSync, StateSyncMode } from "../chain-vm.ts";
import type { UnaryService } from "../grpc/server.ts";
import type { Protocol } from "../protocol.ts";
import type { Session } from "../session.ts";

/** What the calls of state sync need. */
export interface StateSyncServiceOptions {
  readonly session: Session;
  readonly protocol: Protocol;
}

/**
 * For a VM without state sync, the answers are "not enabled" and "no summary". NOT_FOUND has the same number in all
 * protocols. The number of STATE_SYNC_NOT_IMPLEMENTED has changed, and the node takes a wrong number for success.
 */
export function createStateSyncService({ session, protocol }: StateSyncServiceOptions) {
  const stateSync = () => session.chainIfOpen?.vm.stateSync;
  const ask = <T, R>(call: (sync: StateSync) => Awaitable<T>, answer: (value: T) => R) => {
    const sync = stateSync();
    return sync === undefined ? notFound : andThen<T, R>(call(sync), answer);
  };
  return {
    stateSyncEnabled: () => andThen(stateSync()?.isEnabled() ?? false, (enabled) => ({ enabled })),
    getOngoingSyncStateSummary: () => ask((sync) => sync.getOngoingSyncStateSummary(), summaryReply),
    getLastStateSummary: () => ask((sync) => sync.getLastStateSummary(), summaryReply),
    parseStateSummary: ({ bytes }) => ask((sync) => sync.parseStateSummary(bytes), summaryReply),
    getStateSummary: ({ height }) => ask((sync) => sync.getStateSummary(height), summaryReply),
    stateSummaryAccept: ({ bytes }) =>
      ask(
        (sync) => sync.acceptStateSummary(bytes),
        (mode) => ({ mode: modeIn(protocol, mode) }),
      ),
  } satisfies Partial<UnaryService<typeof VM>>;
}

const notFound = { err: Answer.NOT_FOUND };

/** Serves several replies: a field that a reply's message does not have is not encoded. */
function summaryReply(summary: StateSummary | undefined) {
  if (summary === undefined) return notFound;
  const { id, height, bytes } = summary;
  return { id: idToBytes(id), height, bytes };
}

/** Older protocols have a boolean `accepted` in the mode's place: 0 is false, and the number of any mode is true. */
function modeIn({ summaryReply }: Protocol, mode: StateSyncMode): Mode {
  if (summaryReply === "whether" && mode === "skipped") return Mode.UNSPECIFIED;
  return modes[mode];
}

const modes: Readonly<Record<StateSyncMode, Mode>> = {
  skipped: Mode.SKIPPED,
  static: Mode.STATIC,
  dynamic: Mode.DYNAMIC,
};
