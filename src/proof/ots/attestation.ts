import { ByteReader, ByteWriter, compareBytes } from "./bytes.ts";

// The attestations of OpenTimestamps (python-opentimestamps 0.4.5, core/notary.py).

/** What somebody says of a message. */
export type Attestation =
  /** A calendar at this address promises to get a better one. */
  | { readonly kind: "pending"; readonly uri: string }
  /** The message is the Merkle root in the header of the block at this height. */
  | { readonly kind: HeaderKind; readonly height: bigint }
  /** Any other. `tag` is 16 hex digits. The bytes are kept as they are: a block of this VM is one of these. */
  | { readonly kind: "other"; readonly tag: string; readonly payload: Uint8Array };

type HeaderKind = "bitcoin" | "litecoin" | "ethereum";

/** Bytes of what an attestation says. */
export const maxPayloadBytes = 8192;
/** Bytes of a calendar's address. */
const maxUriBytes = 1000;
const tagBytes = 8;

/** In hex. */
const tags = {
  bitcoin: "0588960d73d71901",
  litecoin: "06869a0d73d71b45",
  ethereum: "30fe8087b5c7ead7",
  pending: "83dfe30d2ef90c8e",
} as const;

const headerKinds = ["bitcoin", "litecoin", "ethereum"] as const;

/** Reads an attestation behind its mark. Throws "malformed ots", also for bytes that are left in a known one. */
export function readAttestation(reader: ByteReader): Attestation {
  const start = reader.at;
  const tag = reader.readBytes(tagBytes).toHex();
  const payload = reader.readVarBytes(0, maxPayloadBytes, "an attestation");
  const inner = new ByteReader(payload, reader.at - payload.length);
  if (tag === tags.pending) return { kind: "pending", uri: readUri(inner, start) };
  const kind = headerKinds.find((kind) => tags[kind] === tag);
  if (kind === undefined) return { kind: "other", tag, payload };
  const height = inner.readNumber();
  inner.expectEnd();
  return { kind, height };
}

/** `start` is the offset of the attestation. */
function readUri(reader: ByteReader, start: number): string {
  const bytes = reader.readVarBytes(0, maxUriBytes, "a calendar's address");
  reader.expectEnd();
  const uri = new TextDecoder("latin1").decode(bytes);
  if (!/^[\w./:-]*$/.test(uri))
    throw reader.malformed("a calendar's address with other characters than A-Z a-z 0-9 - . _ / :", start);
  return uri;
}

export function writeAttestation(attestation: Attestation, writer: ByteWriter): void {
  writer.writeBytes(Uint8Array.fromHex(tagOf(attestation))).writeVarBytes(payloadOf(attestation));
}

function tagOf(attestation: Attestation): string {
  return attestation.kind === "other" ? attestation.tag : tags[attestation.kind];
}

function payloadOf(attestation: Attestation): Uint8Array {
  switch (attestation.kind) {
    case "other":
      return attestation.payload;
    case "pending":
      return new ByteWriter().writeVarBytes(new TextEncoder().encode(attestation.uri)).toBytes();
    default:
      return new ByteWriter().writeNumber(attestation.height).toBytes();
  }
}

/** The order in which the stock client writes attestations; 0 for the same one. */
export function compareAttestations(a: Attestation, b: Attestation): number {
  const [tagA, tagB] = [tagOf(a), tagOf(b)];
  if (tagA !== tagB) return tagA < tagB ? -1 : 1;
  if ("height" in a && "height" in b) return a.height < b.height ? -1 : Number(a.height > b.height);
  if ("uri" in a && "uri" in b) return a.uri < b.uri ? -1 : Number(a.uri > b.uri);
  return compareBytes(payloadOf(a), payloadOf(b));
}
