import { type Id, IdError, parseId } from "../avalanche/id.ts";
import { type Digest, digestFromHex } from "../core/digest.ts";
import { parseNonce } from "../core/nonce.ts";
import { isLine } from "../core/printable.ts";

/** What a proof says for people beside what it proves. Nothing confirms it: whoever made the file wrote it. */
export interface ProofHints {
  /** The network's id. */
  readonly network: bigint | undefined;
  readonly chain: Id | undefined;
  /** The chain's block at height 0. */
  readonly genesis: Id | undefined;
  /** What made the proof: its name and version. */
  readonly program: string | undefined;
  /** The SHA-256 of the data that was stamped: of a file, what `sha256sum FILE` prints. */
  readonly sha256: Digest | undefined;
  /** The nonce of a salted stamp: see `saltedDigest`. */
  readonly nonce: Uint8Array | undefined;
}

/** Takes the members of a proof. A hint in another form than ours is none: version 1 says nothing about it. */
export function readHints(members: Readonly<Record<string, unknown>>): ProofHints {
  const { network, chain, genesis, program, sha256, nonce } = members;
  return {
    network: readNetwork(network),
    chain: readId(chain),
    genesis: readId(genesis),
    program: isProgram(program) ? program : undefined,
    sha256: isDigest(sha256) ? digestFromHex(sha256.slice(2)) : undefined,
    nonce: typeof nonce === "string" && nonce.startsWith("0x") ? parseNonce(nonce) : undefined,
  };
}

/** Characters. */
const maxProgramLength = 100;

function readNetwork(value: unknown): bigint | undefined {
  const id = typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
  return typeof id === "bigint" && 0n <= id && id < 2n ** 32n ? id : undefined;
}

function readId(value: unknown): Id | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return parseId(value);
  } catch (error) {
    if (error instanceof IdError) return undefined;
    throw error;
  }
}

function isProgram(value: unknown): value is string {
  return typeof value === "string" && value.length <= maxProgramLength && isLine(value);
}

function isDigest(value: unknown): value is string {
  return typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value);
}
