import { CodedError } from "../avalanche/coded-error.ts";
import { type Digest, matchOf } from "../core/digest.ts";
import { formatSize } from "../core/format.ts";
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

/**
 * Fetches the proof of a block, or of the first block with a digest, up to block `to`, and joins its parts. The server
 * is not trusted: each part is checked, must begin where the last one ends, and must have more blocks. Rejects as
 * `call` does, or with a `FetchProofError`.
 */
export async function fetchProof(
  call: CallApi,
  proven: { readonly id: string } | { readonly digest: Digest },
  to: string,
  { check, onPart, maxBytes }: FetchOptions,
): Promise<Proof> {
  const first = await fetchPart(call, { ...proven, to }, check);
  const { block } = first.checked;
  const isAsked = "id" in proven ? block.id === proven.id : matchOf(block.data, proven.digest) !== undefined;
  if (!isAsked) throw unsound(`it is about block ${block.id}, which carries something else`);
  const blocks = new BoundedBlocks(maxBytes);
  blocks.add(first.proof.blocks);
  let last = first;
  while (last.next !== undefined) {
    onPart?.(first.proof, blocks.hex.length);
    const start = last.checked.to;
    last = await fetchPart(call, { id: start.id, to }, check);
    if (last.checked.block.id !== start.id || last.checked.length < 2) throw unsound("its parts do not fit together");
    blocks.add(last.proof.blocks.slice(1));
  }
  if (last.checked.to.id !== to) throw unsound(`it ends in block ${last.checked.to.id}`);
  return { ...first.proof, to: last.proof.to, blocks: blocks.hex };
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
