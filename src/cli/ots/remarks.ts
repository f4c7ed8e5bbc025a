import { formatNumber } from "../../core/format.ts";
import { escapeLine } from "../../core/printable.ts";
import { blockTag } from "../../proof/block-attestation.ts";
import { type BlockClaim, blockClaimsOf } from "../../proof/block-claims.ts";
import type { Attestation } from "../../proof/ots/attestation.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { messagesOf } from "../../proof/ots/walk.ts";

/** Lines about what a proof says beside the blocks that it proves. A long list is cut. */
export function remarksOf(ots: OtsFile): readonly string[] {
  const remarks = [
    ...blockClaimsOf(ots).flatMap(remarkOfClaim),
    ...messagesOf(ots).flatMap(({ bytes, timestamp }) =>
      timestamp.attestations.flatMap((attestation) => remarkOf(attestation, bytes)),
    ),
  ];
  const more = remarks.length - maxRemarks;
  return more > 0 ? [...remarks.slice(0, maxRemarks), `${formatNumber(more)} more`] : remarks;
}

const maxRemarks = 16;

function remarkOfClaim(claim: BlockClaim): readonly string[] {
  switch (claim.kind) {
    case "block":
      return [];
    case "newer":
      return [describeNewer(claim.form)];
    case "unsound":
      return [`a block that proves nothing: ${escapeLine(claim.problem)}`];
  }
}

/** What is said of a block in a form that this program does not know. */
export function describeNewer(form: bigint): string {
  return `a block in form ${form}: it was made by a newer timestampvm, which can read it`;
}

function remarkOf(attestation: Attestation, message: Uint8Array): readonly string[] {
  switch (attestation.kind) {
    case "pending":
      return [`the calendar ${escapeLine(attestation.uri)} promised more: it was not asked`];
    case "other":
      return attestation.tag === blockTag ? [] : [`an attestation that this program does not know: ${attestation.tag}`];
    default:
      return [describeHeader(attestation.kind, attestation.height, message)];
  }
}

/** Explorers show a Merkle root with its last byte first. */
function describeHeader(kind: "bitcoin" | "litecoin" | "ethereum", height: bigint, message: Uint8Array): string {
  const root = kind === "ethereum" ? message : message.toReversed();
  return `${names[kind]} block ${height} should have the ${roots[kind]} ${root.toHex()}: not checked here`;
}

const names = { bitcoin: "Bitcoin", litecoin: "Litecoin", ethereum: "Ethereum" } as const;
const roots = { bitcoin: "Merkle root", litecoin: "Merkle root", ethereum: "transactions root" } as const;
