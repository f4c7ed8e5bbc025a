import type { Metric } from "../rpcchainvm/chain-vm.ts";
import { counter, gauge } from "../rpcchainvm/services/metrics.ts";
import type { Status } from "../vm/status.ts";

/** The metrics of a chain. `clientRestarts` counts restarts of the clients' thread. */
export function chainMetrics(status: Status, clientRestarts: number): readonly Metric[] {
  const { lastAccepted, processing, mempool, databaseBytes, peers, blocks, proposals, firstSights } = status;
  return [
    gauge("last_accepted_height", "Height of the last accepted block", Number(lastAccepted.height)),
    gauge(
      "last_accepted_timestamp_seconds",
      "Timestamp of the last accepted block, Unix seconds",
      Number(lastAccepted.timestamp),
    ),
    gauge("processing_blocks", "Verified blocks that are not decided", processing),
    gauge("mempool_items", "Proposals that wait for a block", mempool.items),
    gauge("mempool_bytes", "Bytes of data of the proposals that wait for a block", mempool.bytes),
    gauge("mempool_oldest_seconds", "How long the oldest proposal waits, seconds", Number(mempool.oldestSeconds)),
    gauge("database_bytes", "Size of the database file", Number(databaseBytes)),
    gauge("peers", "Connected nodes of the chain", peers),
    counter("blocks_built_total", "Blocks built here", blocks.built),
    counter("blocks_verified_total", "Blocks verified", blocks.verified),
    counter("blocks_accepted_total", "Blocks accepted", blocks.accepted),
    counter("blocks_rejected_total", "Blocks rejected", blocks.rejected),
    counter("proposals_submitted_total", "Proposals taken from clients", proposals.submitted),
    counter("proposals_received_total", "Proposals that peers sent, also known ones", proposals.received),
    counter("proposals_gossiped_total", "Proposals taken from peers", proposals.gossiped),
    counter("proposals_refused_total", "Proposals of peers for which there was no room, or no time", proposals.refused),
    counter("proposals_expired_total", "Proposals dropped after proposalExpirySeconds", proposals.expired),
    counter("clock_sets_total", "How often the clock was set, or the machine slept", firstSights.clockSets),
    gauge("first_sights_paused_seconds", "How long no first sights are noted yet, seconds", firstSights.pausedSeconds),
    counter("client_thread_restarts_total", "Restarts of the thread that serves clients", clientRestarts),
  ];
}
