import type { Id } from "../../avalanche/id.ts";
import { formatIsoTime, formatSize, showData } from "../../core/format.ts";
import { escapeLine } from "../../core/printable.ts";
import { blockTag } from "../../proof/block-attestation.ts";
import { type BlockClaim, blockClaimsAt } from "../../proof/block-claims.ts";
import type { Attestation } from "../../proof/ots/attestation.ts";
import type { Message } from "../../proof/ots/walk.ts";

/** What an attestation of a proof says, which nobody has checked yet. */
export type Statement =
  | BlockClaim
  /** A block of another chain has this message in its header. */
  | { readonly kind: OtherChain; readonly height: bigint; readonly message: Uint8Array }
  | { readonly kind: "calendar"; readonly uri: string }
  | { readonly kind: "unknown"; readonly tag: string; readonly payload: Uint8Array };

type OtherChain = "bitcoin" | "litecoin" | "ethereum";

/** All that is said of a message: of blocks of this VM first. */
export function statementsOf(message: Message): readonly Statement[] {
  const { attestations } = message.timestamp;
  return [...blockClaimsAt(message), ...attestations.flatMap((attestation) => statementOf(attestation, message))];
}

function statementOf(attestation: Attestation, { bytes }: Message): readonly Statement[] {
  switch (attestation.kind) {
    case "pending":
      return [{ kind: "calendar", uri: attestation.uri }];
    case "other":
      return attestation.tag === blockTag ? [] : [{ ...attestation, kind: "unknown" }];
    default:
      return [{ ...attestation, message: bytes }];
  }
}

/** Of what the statement is, for people. The best come first. */
export const nameByKind = {
  block: "block",
  bitcoin: "Bitcoin",
  litecoin: "Litecoin",
  ethereum: "Ethereum",
  newer: "newer block",
  calendar: "calendar",
  unknown: "unknown",
  unsound: "unsound",
} as const satisfies Record<Statement["kind"], string>;

/** Whether what a statement says can be a proof: a calendar only promises one. */
export function isProof(statement: Statement): boolean {
  return statement.kind === "block" || (statement.kind === "bitcoin" && isRoot(statement.message));
}

/** For people: one line, without the name. */
export function describeStatement(statement: Statement): string {
  switch (statement.kind) {
    case "block":
      return `at height ${statement.block.height}, which claims ${formatIsoTime(statement.block.timestamp)}`;
    case "newer":
      return `in form ${statement.form}: it was made by a newer timestampvm, which can read it`;
    case "unsound":
      return escapeLine(statement.problem);
    case "calendar":
      return escapeLine(statement.uri);
    case "unknown":
      return `attestation ${statement.tag} of another program, ${formatSize(statement.payload.length)}`;
    default:
      return `block ${statement.height}`;
  }
}

/** Which block it is, for people; undefined for what is no block. */
export function describeBlock(statement: Statement): string | undefined {
  if (statement.kind === "block") return `${statement.block.id} of ${describeChain(statement)}`;
  if (!("message" in statement)) return undefined;
  const { kind, message } = statement;
  if (!isRoot(message)) return `no block can have a root of ${formatSize(message.length)}`;
  return `its ${kind === "ethereum" ? "transactions" : "Merkle"} root should be ${rootOf(kind, message)}`;
}

/** As explorers show it: Bitcoin's and Litecoin's have the last byte first. */
function rootOf(kind: OtherChain, message: Uint8Array): string {
  return (kind === "ethereum" ? message : message.toReversed()).toHex();
}

function isRoot(message: Uint8Array): boolean {
  return message.length === rootBytes;
}

const rootBytes = 32;

/** Bytes that others wrote: as text in quotes, or in hex. */
export function showBytes(bytes: Uint8Array): string {
  const { kind, text } = showData(bytes, bytes.length);
  return kind === "text" ? `"${escapeLine(text)}"` : text;
}

/** The chain that a block is said to be of. */
export function describeChain({ network, chain }: { readonly network: bigint; readonly chain: Id }): string {
  return network === 0n ? `chain ${chain}` : `chain ${chain}, network ${network}`;
}

/** For programs: the integers are bigints. */
export function statementAsJson(statement: Statement): object {
  switch (statement.kind) {
    case "block": {
      const { kind, network, chain, block } = statement;
      const { id, parentId, height, timestamp, data } = block;
      return { kind, id, height, timestamp, parentId, data: `0x${data.toHex()}`, chain, network };
    }
    case "unknown":
      return { ...statement, payload: `0x${statement.payload.toHex()}` };
    case "bitcoin":
    case "litecoin":
    case "ethereum": {
      const { kind, height, message } = statement;
      return { kind, height, ...(isRoot(message) && { root: rootOf(kind, message) }) };
    }
    default:
      return statement;
  }
}
