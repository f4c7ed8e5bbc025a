import { type Id, idFromBytes } from "../../src/avalanche/id.ts";
import { sha256 } from "../../src/avalanche/sha256.ts";
import { type Block, parseBlock } from "../../src/core/block.ts";

/** What clients did with one piece of data. */
export interface Proposed {
  readonly text: string;
  /** Whether a client got the answer that it was taken, by a node that did not lose its whole disk afterwards. */
  readonly isAcknowledged: boolean;
  /** How often a node took it, not as a stamp, although it had accepted a block with it. */
  readonly again: number;
}

/** All that a run has left. */
export interface Evidence {
  /** Of each node: its accepted blocks, genesis first. */
  readonly chains: readonly (readonly Block[])[];
  readonly proposals: readonly Proposed[];
  /** What others than clients brought up. */
  readonly strays: ReadonlySet<string>;
}

/** What must not be. Empty for a good run. */
export function check({ chains, proposals, strays }: Evidence): string[] {
  const longest = longestOf(chains);
  return [
    ...chains.flatMap((chain, node) => (chain.length < longest.length ? [`node ${node} is behind`] : [])),
    ...findForks(chains.map((chain) => chain.map(({ id }) => id))),
    ...chains.flatMap((chain, node) => checkChain(chain).map((problem) => `node ${node}: ${problem}`)),
    ...checkStamps(longest, proposals, strays),
  ];
}

/** Each chain must be the beginning of the longest. */
export function findForks(chains: readonly (readonly Id[])[]): string[] {
  const longest = longestOf(chains);
  return chains.flatMap((chain, node) => {
    const height = chain.findIndex((id, at) => id !== longest[at]);
    return height < 0 ? [] : [`node ${node} has another block at height ${height}`];
  });
}

/** One chain for itself: ids, heights, parents and times. */
function checkChain(chain: readonly Block[]): string[] {
  return chain.flatMap(({ id, bytes }, height) => {
    const block = parseBlock(bytes);
    const parent = chain[height - 1];
    const problems: string[] = [];
    if (idFromBytes(sha256(bytes)) !== id) problems.push(`the id of block ${height} is not the hash of its bytes`);
    if (block.height !== BigInt(height)) problems.push(`block ${height} says height ${block.height}`);
    if (parent !== undefined && block.parentId !== parent.id) problems.push(`block ${height} has another parent`);
    if (parent !== undefined && block.timestamp < parent.timestamp) problems.push(`time goes back at block ${height}`);
    return problems;
  });
}

/** Each acknowledged proposal is in one block; in another one only where it was proposed again behind the first. */
function checkStamps(chain: readonly Block[], proposals: readonly Proposed[], strays: ReadonlySet<string>): string[] {
  const stamps = new Map<string, number>();
  for (const { data } of chain.slice(1)) {
    const text = new TextDecoder().decode(data);
    stamps.set(text, (stamps.get(text) ?? 0) + 1);
  }
  const known = new Set(proposals.map(({ text }) => text));
  return [
    ...proposals.flatMap(({ text, isAcknowledged, again }) => {
      const count = stamps.get(text) ?? 0;
      if (isAcknowledged && count === 0) return [`"${text}" was acknowledged and is lost`];
      return count > 1 + again ? [`"${text}" is in ${count} blocks instead of ${1 + again}`] : [];
    }),
    ...[...stamps.keys()]
      .filter((text) => !known.has(text) && !strays.has(text))
      .map((text) => `nobody proposed "${text}", which is in a block`),
  ];
}

function longestOf<T>(chains: readonly (readonly T[])[]): readonly T[] {
  return chains.reduce((longest, chain) => (chain.length > longest.length ? chain : longest), []);
}
