import { equalBytes } from "../../avalanche/id.ts";
import type { ServedChain } from "../../client/confirmed-block.ts";
import type { Block } from "../../core/block.ts";
import type { BlockTime } from "../../core/time-words.ts";
import {
  attestBlock,
  readBlockAttestation,
  type StampedBlock,
  timestampByBlock,
} from "../../proof/block-attestation.ts";
import { blockClaimsOf } from "../../proof/block-claims.ts";
import type { Attestation } from "../../proof/ots/attestation.ts";
import { createTimestamp, mergeTimestamps, type OtsFile, type Timestamp } from "../../proof/ots/timestamp.ts";
import { changeOts } from "../../proof/ots/walk.ts";
import { CommandFailed } from "../command-failed.ts";
import { askForBlock } from "../node/anchor.ts";
import type { Connection } from "../node/connection.ts";
import { type Found, findData, lookUp, maxLookUps } from "./look-up.ts";
import { describeChain } from "./statements.ts";

/** A node in normal operation, and the chain that it serves. */
export interface ServingNode extends Connection {
  readonly served: ServedChain;
}

/** What came of a proof. */
export type Upgraded =
  | { readonly state: "unchanged"; readonly blocks: readonly KnownBlock[] }
  | { readonly state: "added"; readonly ots: OtsFile; readonly blocks: readonly KnownBlock[] }
  | {
      readonly state: "replaced";
      readonly ots: OtsFile;
      readonly blocks: readonly KnownBlock[];
      readonly replaced: readonly Block[];
    }
  /** The node has none of its blocks, and no other for it. `problem` says more. */
  | { readonly state: "unproven"; readonly problem: string };

/** A block that the node has, with what it knows of its time. */
export interface KnownBlock extends BlockTime {
  readonly id: string;
}

/**
 * Makes a proof one by a block of the chain that a node serves. Only blocks of that chain are replaced, and only where
 * the node has another one at the same height, and the same data elsewhere. Rejects with "command failed" for a proof
 * by blocks of other chains, else as `askForBlock` and `lookUp` do.
 */
export async function upgradeOts(ots: OtsFile, node: ServingNode): Promise<Upgraded> {
  const claimed = claimedBlocks(ots, node.served);
  if (claimed.length === 0) return addFound(ots, node);
  const known: KnownBlock[] = [];
  const lost: Block[] = [];
  let problem = "";
  for (const block of claimed) {
    const { answer } = await askForBlock(block, node);
    if (answer.has === "this block") known.push({ ...block, firstSight: answer.seen });
    else if (answer.has === "another block") lost.push(block);
    else problem = answer.problem;
  }
  const replaced = lost.length === 0 ? undefined : await replaceLost(ots, lost, node);
  if (replaced !== undefined) return replaced;
  if (known.length > 0) return { state: "unchanged", blocks: known };
  return { state: "unproven", problem: problem || describeLost(lost) };
}

/** The blocks of a chain that a proof leads to. Throws "command failed" if all its blocks are of others. */
function claimedBlocks(ots: OtsFile, served: ServedChain): readonly Block[] {
  const claims = blockClaimsOf(ots).filter((claim) => claim.kind === "block");
  const own = claims.filter(({ network, chain }) => network === served.network && chain === served.chain);
  const [other] = claims;
  if (other !== undefined && own.length === 0) {
    throw new CommandFailed(
      `its block is of ${describeChain(other)}, and the node serves ${describeChain(served)}: it stays as it is`,
    );
  }
  const byId = new Map(own.map(({ block }) => [block.id, block]));
  return [...byId.values()].slice(0, maxLookUps);
}

async function addFound(ots: OtsFile, { served, ask }: ServingNode): Promise<Upgraded> {
  const found = await lookUp(ots, served, ask);
  if (found.length === 0) return { state: "unproven", problem: "no block of the chain carries what it is about" };
  return { state: "added", ots: addBlocks(ots, found), blocks: found.map(({ answer }) => answer) };
}

/** Undefined if no other block has the data of one that is lost. */
async function replaceLost(
  ots: OtsFile,
  lost: readonly Block[],
  { served, ask }: ServingNode,
): Promise<Upgraded | undefined> {
  let left = ots;
  const blocks: KnownBlock[] = [];
  const replaced: Block[] = [];
  for (const block of lost) {
    const found = await findData(block.data, served, ask);
    if (found === undefined) continue;
    left = replaceBlock(left, { ...served, block }, found.stamped);
    blocks.push(found.answer);
    replaced.push(block);
  }
  return replaced.length === 0 ? undefined : { state: "replaced", ots: left, blocks, replaced };
}

/** Adds each block where its message is in the proof. */
function addBlocks(ots: OtsFile, found: readonly Found[]): OtsFile {
  return mapOts(ots, (message, timestamp) => {
    const added = found.filter((one) => equalBytes(one.message, message));
    return mergeTimestamps(timestamp, ...added.flatMap(({ stamped }) => timestampByBlock(message, stamped) ?? []));
  });
}

/** Puts a block in the place of another one with the same data. */
function replaceBlock(ots: OtsFile, old: StampedBlock, stamped: StampedBlock): OtsFile {
  const attestation = attestBlock(stamped);
  return mapOts(ots, (_message, { attestations, branches }) => {
    const changed = attestations.map((one) => (isOf(one, old) ? attestation : one));
    return createTimestamp(changed, branches);
  });
}

function isOf(attestation: Attestation, { network, chain, block }: StampedBlock): boolean {
  const read = readBlockAttestation(attestation);
  return read?.kind === "block" && read.network === network && read.chain === chain && read.block.id === block.id;
}

function mapOts(ots: OtsFile, change: (message: Uint8Array, timestamp: Timestamp) => Timestamp): OtsFile {
  const changed = changeOts(ots, change);
  if (changed === undefined) throw new Error("a proof of which nothing is left");
  return changed;
}

function describeLost(lost: readonly Block[]): string {
  const heights = lost.map(({ height }) => height).join(", ");
  return `the chain has another block at height ${heights}, and none with this data: if none comes, stamp it again`;
}
