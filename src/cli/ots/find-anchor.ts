import type { Id } from "../../avalanche/id.ts";
import type { Block } from "../../core/block.ts";
import { escapeLine } from "../../core/printable.ts";
import type { CheckedProof } from "../../proof/block-proof.ts";
import type { NodeWord } from "../node/anchor.ts";
import { ProofProblem } from "../proof-problem.ts";
import type { Anchor } from "../proof-verdict.ts";
import type { AskedNode } from "./asked-node.ts";

/** The block of a stamp, and the blocks of a proof that follow it. */
export interface ProvenBlock {
  readonly block: Block;
  /** The last one: the same block, if it stands alone. */
  readonly to: Block;
  /** The number of blocks. */
  readonly length: number;
  /** What the proof says of their chain, as far as it says it. Nothing confirms that. */
  readonly network: bigint | undefined;
  readonly chain: Id | undefined;
}

/** By whose word a proof may hold. */
export interface Trust {
  /** The block that the user knows. */
  readonly to: Id | undefined;
  /** Blocks that lead to it. */
  readonly path: CheckedProof | undefined;
  readonly node: AskedNode | undefined;
}

/** A block of a stamp, and from where it is known that it is one of the chain. */
export interface Anchored {
  readonly proven: ProvenBlock;
  readonly anchor: Anchor;
}

type ProvenBlocks = readonly [ProvenBlock, ...ProvenBlock[]];

/**
 * The best that is known of any block of a proof. Rejects with a `ProofProblem` if those of whom the user wants to know
 * it say that none is one of the chain, or do not say.
 */
export async function findAnchor(blocks: ProvenBlocks, { to, path, node }: Trust): Promise<Anchored> {
  if (to !== undefined) return leadTo(to, blocks, path, node);
  const served = await node?.served();
  if (node === undefined || served === undefined) return { proven: blocks[0], anchor: { kind: "none" } };
  const ofChain = blocks.filter(
    ({ chain = served.chain, network = served.network }) => chain === served.chain && network === served.network,
  );
  if (ofChain.length > 0) return bestOf(await Promise.all(ofChain.map((proven) => ask(proven, node))), node);
  throw new ProofProblem(
    node.isNamed ? "does not hold" : "cannot tell yet",
    `the proof is of ${nameChain(blocks[0])}; the node at ${node.url()} serves ${nameChain(served)}`,
  );
}

async function leadTo(
  to: Id,
  blocks: ProvenBlocks,
  path: CheckedProof | undefined,
  node: AskedNode | undefined,
): Promise<Anchored> {
  const anchor = { kind: "to" } as const;
  const named = blocks.find((proven) => proven.to.id === to);
  if (named !== undefined) return { proven: named, anchor };
  const [first] = blocks;
  const joined = path && join(blocks, path);
  if (joined?.to.id === to) return { proven: joined, anchor };
  const fetched = node && join(blocks, await node.pathBetween(first.to, to));
  if (fetched !== undefined) return { proven: fetched, anchor };
  throw new ProofProblem("cannot tell yet", `${describeEnd(first, path)}, not to ${to}\n${howToLead}`);
}

function describeEnd({ to }: ProvenBlock, path: CheckedProof | undefined): string {
  const end = `the proof leads to block ${to.id}`;
  return path === undefined ? end : `${end}, and --proof from block ${path.block.id} to ${path.to.id}`;
}

const howToLead = "If that is a later block: --proof gives the blocks up to it, or --url a node that has them.";

/** Undefined if no block is the one from which the path leads on. */
function join(blocks: ProvenBlocks, path: CheckedProof): ProvenBlock | undefined {
  const start = blocks.find(({ to }) => to.id === path.block.id);
  return start && { ...start, to: path.to, length: start.length + path.length - 1 };
}

interface Asked {
  readonly proven: ProvenBlock;
  readonly word: NodeWord;
}

async function ask(proven: ProvenBlock, node: AskedNode): Promise<Asked> {
  return { proven, word: await node.wordOf(proven.to) };
}

/** The block that the node itself saw first, or else the lowest one that it has. */
function bestOf(asked: readonly Asked[], node: AskedNode): Anchored {
  const [best] = asked.filter(({ word }) => word.answer.has === "this block").toSorted(bySight);
  if (best !== undefined) return { proven: best.proven, anchor: { kind: "url", node: best.word } };
  throw problemOf(asked, node);
}

function bySight(a: Asked, b: Asked): number {
  const [sightA, sightB] = [sightOf(a), sightOf(b)];
  if (sightA !== sightB) return sightA === undefined ? 1 : sightB === undefined ? -1 : Number(sightA - sightB);
  return Number(a.proven.block.height - b.proven.block.height);
}

/** In Unix seconds; undefined if the node has not seen the block itself. */
function sightOf({ word: { answer } }: Asked): bigint | undefined {
  return answer.has === "this block" && answer.seen?.own ? answer.seen.time : undefined;
}

function problemOf(asked: readonly Asked[], node: AskedNode): ProofProblem {
  const url = node.url();
  for (const { word } of asked) {
    if (word.answer.has !== "no answer yet") continue;
    return new ProofProblem("cannot tell yet", `whether the proof holds cannot be told yet. ${word.answer.problem}`);
  }
  const others = asked.flatMap(({ proven: { to }, word: { answer } }) =>
    answer.has === "another block" ? [`at height ${to.height} it has block ${answer.id}, not ${to.id}`] : [],
  );
  const problem = `the node at ${url} has no such block: ${others.join("; ")}`;
  return new ProofProblem("does not hold", `${problem}\n${howToReplace}`);
}

const howToReplace = "If what was stamped is in another block now, `timestampvm upgrade` finds that one.";

function nameChain({ chain, network }: Pick<ProvenBlock, "chain" | "network">): string {
  const name = escapeLine(`chain ${chain ?? "unknown"}`);
  return network === undefined || network === 0n ? name : `${name} of network ${network}`;
}
