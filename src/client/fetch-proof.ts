import { CodedError } from "../avalanche/coded-error.ts";
import { summaryOf } from "../core/block.ts";
import { type Digest, matchOf } from "../core/digest.ts";
import { formatSize } from "../core/format.ts";
import { stampedDigest } from "../core/nonce.ts";
import type { CheckedProof } from "../proof/block-proof.ts";
import type { CallApi } from "./client.ts";
import type { ParamsOf, ResultOf } from "./contract.ts";

/** A proof in the form of the API and of a file: integers are bigints, bytes are hex with 0x. */
export type Proof = ResultOf<"getProof">["proof"];

/** Why a server's proof is refused: it is malformed, not the one that was asked for, or larger than allowed. */
export type FetchRefusal =
  | { readonly code: "unsound proof"; readonly problem: string }
  | { readonly code: "proof too large"; readonly maxBytes: number };

/** A server gave something other than the proof that was asked for, or too much of it. */
export class FetchProofError extends CodedError<FetchRefusal> {
  override readonly name = "FetchProofError";

  constructor(refusal: FetchRefusal) {
    super(refusal, describe(refusal));
  }
}

/** How a proof is fetched. */
export interface FetchOptions {
  /** `checkProof` of `proof/`, which throws a `CodedError` for a proof that does not hold. */
  readonly check: (proof: Proof) => CheckedProof;
  /** Called while there is more to fetch, with the first part and the number of blocks so far. */
  readonly onPart?: (first: Proof, blocks: number) => void;
  /** Bytes of JSON that the whole proof may have: the limit of `proof/` for reading it. */
  readonly maxBytes: number;
}

/** What to prove: a block, or the first block that carries data with a digest, or was stamped for it with a nonce. */
export type ProofSubject =
  | { readonly id: string }
  | { readonly digest: Digest; readonly nonce?: Uint8Array | undefined };

/**
 * Fetches the proof of a block up to block `to`, and joins its parts; without `to`, it is the first part that the
 * server gives, which leads to the next block. The server is not trusted: each part is checked, must begin where the
 * last one ends, and must have more blocks. What it says beside that for people is kept if it has the form of
 * docs/proof-format.md. Rejects as `call` does, or with a `FetchProofError`.
 */
export async function fetchProof(
  call: CallApi,
  wanted: ProofSubject,
  to: string | undefined,
  { check, onPart, maxBytes }: FetchOptions,
): Promise<Proof> {
  const asked = "id" in wanted ? wanted : { digest: stampedDigest(wanted.digest, wanted.nonce) };
  const first = await fetchPart(call, { ...asked, ...(to !== undefined && { to }) }, check);
  const { block } = first.checked;
  const isAsked = "id" in asked ? block.id === asked.id : matchOf(block.data, asked.digest) !== undefined;
  if (!isAsked) throw unsound(`it is about block ${block.id}, which carries something else`);
  const blocks = new BoundedBlocks(maxBytes);
  blocks.add(first.proof.blocks);
  let last = first;
  while (to !== undefined && last.next !== undefined) {
    onPart?.(first.proof, blocks.hex.length);
    const start = last.checked.to;
    last = await fetchPart(call, { id: start.id, to }, check);
    if (last.checked.block.id !== start.id || last.checked.length < 2) throw unsound("its parts do not fit together");
    blocks.add(last.proof.blocks.slice(1));
  }
  if (to !== undefined && last.checked.to.id !== to) throw unsound(`it ends in block ${last.checked.to.id}`);
  const { digest } = first.proof;
  const { network, chain, genesis, program } = first.checked.says;
  return {
    version: 1n,
    ...summaryOf(block),
    digest,
    to: summaryOf(last.checked.to),
    ...{ network, chain, genesis, program },
    ...subjectOf(wanted),
    blocks: blocks.hex,
  };
}

/** The members that say what was stamped, as far as that is known. */
function subjectOf(wanted: ProofSubject): Pick<Proof, "sha256" | "nonce"> {
  if ("id" in wanted) return {};
  const { digest, nonce } = wanted;
  return { sha256: `0x${digest}`, ...(nonce && { nonce: `0x${nonce.toHex()}` }) };
}

interface Part extends ResultOf<"getProof"> {
  readonly checked: CheckedProof;
}

async function fetchPart(call: CallApi, params: ParamsOf<"getProof">, check: FetchOptions["check"]): Promise<Part> {
  const part = await call("getProof", params);
  try {
    return { ...part, checked: check(part.proof) };
  } catch (error) {
    throw error instanceof CodedError ? unsound(error.message) : error;
  }
}

/** Collects blocks in hex, up to `maxBytes` of JSON. */
class BoundedBlocks {
  readonly hex: string[] = [];
  readonly #maxBytes: number;
  #bytes = spaceBesideBlocks;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(hex: readonly string[]): void {
    for (const block of hex) this.#bytes += block.length + spaceBetweenBlocks;
    if (this.#bytes > this.#maxBytes) throw new FetchProofError({ code: "proof too large", maxBytes: this.#maxBytes });
    for (const block of hex) this.hex.push(block);
  }
}

/** Bytes of JSON. */
const spaceBetweenBlocks = 3;
const spaceBesideBlocks = 1_000;

function unsound(problem: string): FetchProofError {
  return new FetchProofError({ code: "unsound proof", problem });
}

function describe(refusal: FetchRefusal): string {
  switch (refusal.code) {
    case "unsound proof":
      return `the node gives a proof that does not hold: ${refusal.problem}`;
    case "proof too large":
      return `so many blocks are more than the ${formatSize(refusal.maxBytes)} that a proof may have`;
  }
}
