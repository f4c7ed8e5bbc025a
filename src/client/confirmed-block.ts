import { CodedError } from "../avalanche/coded-error.ts";
import { type Id, IdError, parseId } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import type { CheckedProof } from "../proof/block-proof.ts";
import type { CallApi } from "./client.ts";
import { fetchProof, type Proof } from "./fetch-proof.ts";

/** A chain, as the server that is asked names it. */
export interface ServedChain {
  /** 0 where the server has none: a development chain. */
  readonly network: bigint;
  readonly chain: Id;
  /** What the server is, if it is not a node. */
  readonly notice: string | undefined;
}

/** Why a server's word about blocks is not taken. */
export class NotServing extends CodedError<{ readonly code: "not serving"; readonly problem: string }> {
  override readonly name = "NotServing";

  constructor(problem: string) {
    super({ code: "not serving", problem }, problem);
  }
}

/** The chain that a server serves. Rejects as `call` does, or with `NotServing` while it is not in normal operation. */
export async function fetchServedChain(call: CallApi): Promise<ServedChain> {
  const { state, networkId, chainId, notice } = await call("getStatus", {});
  if (state !== "normal operation") throw new NotServing(`the node is ${state}, and not at work yet`);
  try {
    return { network: networkId ?? 0n, chain: parseId(chainId), notice };
  } catch (error) {
    throw error instanceof IdError ? new NotServing("the name of the node's chain is no id") : error;
  }
}

/**
 * Fetches an accepted block with its exact bytes, whose SHA-256 is `id`. `check` is `checkProof` of `proof/`. Rejects
 * as `fetchProof` does: "no proof" for a block whose bytes are lost.
 */
export async function fetchBlock(call: CallApi, id: string, check: (proof: Proof) => CheckedProof): Promise<Block> {
  return check(await fetchProof(call, { id }, id, { check, maxBytes: maxBlockProofBytes })).block;
}

/** Bytes of JSON: a block of 1,000,000 bytes of data has 2,000,000 in hex, twice that in the hex of its bytes. */
const maxBlockProofBytes = 8 * 1024 * 1024;
