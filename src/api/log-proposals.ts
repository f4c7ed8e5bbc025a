import { andThen } from "../avalanche/awaitable.ts";
import { digestOf } from "../core/digest.ts";
import type { Log } from "../log.ts";
import type { Propose } from "../vm/chain-view.ts";

/**
 * Logs what clients propose, at level debug: the digest of the data, never the data. Data that waits already, or that a
 * block carries, is acknowledged too.
 */
export function logProposals(propose: Propose, log: Log): Propose {
  return (batch) =>
    andThen(propose(batch), (refusals) => {
      batch.forEach(({ data }, i) => {
        const refusal = refusals[i];
        const event = refusal === undefined ? "proposal acknowledged" : "proposal refused";
        log.debug(event, () => ({ digest: digestOf(data), bytes: data.length, reason: refusal?.message }));
      });
      return refusals;
    });
}
