import { CodedError } from "../avalanche/coded-error.ts";
import { type Id, IdError, parseId } from "../avalanche/id.ts";
import type { Block } from "../core/block.ts";
import { parseNonce } from "../core/nonce.ts";
import type { CheckedProof } from "../proof/block-proof.ts";
import type { Carrier } from "../proof/file-proofs.ts";
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

/** A block of a stamp, as a server names it, and the nonce if the stamp is salted: 0x and 32 hex digits. */
export interface StampSummary {
  readonly id: string;
  readonly reencoded?: true | undefined;
  readonly nonce?: string | undefined;
}

/**
 * Fetches the blocks of stamps of one digest, for proofs by them; `served` is the chain, if the server was asked for it
 * already. Leaves out those whose bytes are lost; rejects with `NotServing` if there is no other, or the server is not
 * at work, and else as `fetchBlock` does.
 */
export async function fetchCarriers(
  call: CallApi,
  stamps: readonly StampSummary[],
  check: (proof: Proof) => CheckedProof,
  served?: ServedChain,
): Promise<readonly Carrier[]> {
  const { network, chain } = served ?? (await fetchServedChain(call));
  const carriers: Carrier[] = [];
  for (const { id, reencoded, nonce } of stamps) {
    if (reencoded) continue;
    const block = await fetchBlock(call, id, check);
    carriers.push({ network, chain, block, nonce: nonce === undefined ? undefined : parseNonce(nonce) });
  }
  if (carriers.length === 0)
    throw new NotServing("the node has no exact bytes of the block, so that there is no proof");
  return carriers;
}

/** Bytes of JSON: a block of 1,000,000 bytes of data has 2,000,000 in hex, twice that in the hex of its bytes. */
const maxBlockProofBytes = 8 * 1024 * 1024;
