import type { CallApi } from "../../client/client.ts";
import { fetchServedChain, NotServing, type ServedChain } from "../../client/confirmed-block.ts";
import type { BlockTime } from "../../core/time-words.ts";
import type { StampedBlock } from "../../proof/block-attestation.ts";
import { blockClaimsOf, blocksToAsk } from "../../proof/block-claims.ts";
import { ProofError } from "../../proof/errors.ts";
import { hasMagic, maxOtsBytes, readOts } from "../../proof/ots/read.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { type Message, messagesOf } from "../../proof/ots/walk.ts";
import { expectAbleToCheck } from "./check-proof.ts";

/** What an `.ots` file says, before anybody is asked: `problem` says why it says nothing. */
export type Reading = OtsSays | { readonly problem: string };

/** An `.ots` file that was read. */
export interface ReadProof {
  readonly file: File;
  readonly reading: Reading;
}

export interface OtsSays {
  /** The file's digest, and by which hash. */
  readonly ots: Pick<OtsFile, "hash" | "digest">;
  /** Blocks that carry what the digest leads to, as `blocksToAsk` gives them. */
  readonly blocks: readonly StampedBlock[];
  /** Why other claims of blocks prove nothing. */
  readonly problems: readonly string[];
  /** Whether a newer program made a claim. That is no fault, but it cannot be read here. */
  readonly isNewer: boolean;
  /** Addresses of calendars that promise more. They are never asked. */
  readonly calendars: readonly string[];
  /** Blocks of Bitcoin that should have this Merkle root. Not checked. */
  readonly anchors: readonly BitcoinAnchor[];
}

export interface BitcoinAnchor {
  readonly height: bigint;
  /** In hex, as explorers of Bitcoin show it: the last byte first. */
  readonly root: string;
}

/** Whether a file is meant as an `.ots` file: by its name, or by how it begins. */
export async function isOtsFile(file: File): Promise<boolean> {
  if (otsName.test(file.name)) return true;
  return hasMagic(new Uint8Array(await file.slice(0, startBytes).arrayBuffer()));
}

/** How the name of an `.ots` file ends, also of one that was replaced. */
export const otsName: RegExp = /\.ots(\.bak)?$/i;
/** More than the bytes with which every `.ots` file begins. */
const startBytes = 64;

/** Reads an `.ots` file, and asks nobody. Rejects if it cannot be read, or the browser is too old. */
export async function readOtsFile(file: File): Promise<Reading> {
  expectAbleToCheck();
  // One byte more than allowed, so that a larger file is refused without being read.
  const bytes = new Uint8Array(await file.slice(0, maxOtsBytes + 1).arrayBuffer());
  try {
    return whatSays(readOts(bytes));
  } catch (error) {
    if (error instanceof ProofError) return { problem: error.message };
    throw error;
  }
}

function whatSays(ots: OtsFile): OtsSays {
  const claims = blockClaimsOf(ots);
  const messages = messagesOf(ots).toArray();
  return {
    ots: { hash: ots.hash, digest: ots.digest },
    blocks: blocksToAsk(claims.filter((claim) => claim.kind === "block")),
    problems: claims.flatMap((claim) => (claim.kind === "unsound" ? [claim.problem] : [])),
    isNewer: claims.some(({ kind }) => kind === "newer"),
    calendars: messages.flatMap(({ timestamp }) =>
      timestamp.attestations.flatMap((attestation) => (attestation.kind === "pending" ? [attestation.uri] : [])),
    ),
    anchors: messages.flatMap(anchorsOf),
  };
}

function anchorsOf({ bytes, timestamp }: Message): readonly BitcoinAnchor[] {
  return timestamp.attestations.flatMap((attestation) =>
    attestation.kind === "bitcoin" ? [{ height: attestation.height, root: bytes.toReversed().toHex() }] : [],
  );
}

/** What is known of a block that a proof names. Only "on chain" anchors the proof. */
export type Standing =
  /** `known` is what the node says of the block's time. */
  | { readonly is: "on chain"; readonly known: BlockTime; readonly notice: string | undefined }
  /** The node has another block at its height, or none so far: `reached` is whether it has one. */
  | { readonly is: "not on chain"; readonly reached: boolean }
  | { readonly is: "of another chain"; readonly served: ServedChain }
  | { readonly is: "no answer"; readonly problem: string };

/** What is known of blocks, by `keyOf`. */
export type Standings = ReadonlyMap<string, Standing>;

/** Asks the node for a block by its height. Rejects when `signal` has aborted. */
export async function standingOf(
  call: CallApi,
  { block, chain, network }: StampedBlock,
  signal: AbortSignal,
): Promise<Standing> {
  const ask: CallApi = (method, params) => call(method, params, signal);
  try {
    const served = await fetchServedChain(ask);
    if (served.chain !== chain || served.network !== network) return { is: "of another chain", served };
    const { blocks } = await ask("getBlocks", { from: block.height, order: "ascending", limit: 1 });
    const [found] = blocks;
    if (found?.id !== block.id) return { is: "not on chain", reached: found !== undefined };
    return { is: "on chain", known: found, notice: served.notice };
  } catch (error) {
    signal.throwIfAborted();
    return { is: "no answer", problem: error instanceof NotServing ? error.message : "the node did not answer" };
  }
}
