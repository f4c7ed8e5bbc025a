import type { Metric } from "../rpcchainvm/chain-vm.ts";
import { counter, gauge } from "../rpcchainvm/services/metrics.ts";
import type { Status } from "../vm/status.ts";

/** What the node gathers of a chain, whose clients' thread was started again so often. */
export function chainMetrics(status: Status, clientRestarts: number): readonly Metric[] {
  const { lastAccepted, processing, mempool, databaseBytes, peers, blocks, proposals } = status;
  return [
    gauge("last_accepted_height", "Height of the last accepted block", Number(lastAccepted.height)),
    gauge("last_accepted_timestamp_seconds", "Its timestamp, Unix seconds", Number(lastAccepted.timestamp)),
    gauge("processing_blocks", "Verified blocks that are not decided", processing),
    gauge("mempool_items", "Proposals that wait for a block", mempool.items),
    gauge("mempool_bytes", "Bytes of data that they hold", mempool.bytes),
    gauge("mempool_oldest_seconds", "How long the oldest of them waits", Number(mempool.oldestSeconds)),
    gauge("database_bytes", "Size of the database file", Number(databaseBytes)),
    gauge("peers", "Connected nodes of the chain", peers),
    counter("blocks_built_total", "Blocks built here", blocks.built),
    counter("blocks_verified_total", "Blocks verified", blocks.verified),
    counter("blocks_accepted_total", "Blocks accepted", blocks.accepted),
    counter("blocks_rejected_total", "Blocks rejected", blocks.rejected),
    counter("proposals_submitted_total", "Proposals taken from clients", proposals.submitted),
    counter("proposals_received_total", "Proposals that peers sent, known ones and all", proposals.received),
    counter("proposals_gossiped_total", "Proposals taken from peers", proposals.gossiped),
    counter("proposals_refused_total", "Proposals of peers for which there was no room, or no time", proposals.refused),
    counter("proposals_expired_total", "Proposals dropped after proposalExpirySeconds", proposals.expired),
    counter("client_thread_restarts_total", "Times that the thread of the clients was started again", clientRestarts),
  ];
}
