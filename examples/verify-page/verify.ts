import { checkAnswers, createClient, fetchProof, fetchServedChain } from "timestampvm/client";
import {
  type BlockClaim,
  blockClaimsOf,
  checkProof,
  type Digest,
  digestFromBytes,
  maxProofFileBytes,
  type OtsFile,
  ProofError,
  readOts,
} from "timestampvm/proof";

/** What the reader of the page gives. An empty text is one that was not given. */
export interface Given {
  readonly ots: Uint8Array;
  /** That of the file; undefined if there is none. */
  readonly digest: Digest | undefined;
  /** A block that the reader knows. */
  readonly id: string;
  /** The JSON-RPC of a node that the reader trusts. */
  readonly url: string;
}

type Claim = Extract<BlockClaim, { readonly kind: "block" }>;

/** What a proof proves, as lines: the verdict first. Asks the node, if there is a URL, and nobody else. */
export async function verify({ ots, digest, id, url }: Given): Promise<readonly string[]> {
  const file = read(ots);
  if (!("digest" in file)) return [`Not a proof: ${file.problem}.`];
  if (digest !== undefined && file.hash === "sha256" && digest !== digestFromBytes(file.digest)) {
    return ["This is the proof of another file, or of another version of this one."];
  }
  const claims = blockClaimsOf(file);
  const sound = claims.filter((claim) => claim.kind === "block");
  if (sound.length === 0) return [noBlock, ...claims.map(describeProblem)];
  const lines = await anchorOne(sound, id, url);
  const unchecked = `No file was checked. This is about the file whose SHA-256 is ${file.digest.toHex()}.`;
  return [...(digest === undefined ? [unchecked] : []), ...lines];
}

function read(ots: Uint8Array): OtsFile | { readonly problem: string } {
  try {
    return readOts(ots);
  } catch (error) {
    if (error instanceof ProofError) return { problem: error.message };
    throw error;
  }
}

const noBlock = "This file names no block that proves anything.";

function describeProblem(claim: BlockClaim): string {
  if (claim.kind === "newer") return "It was made by a newer timestampvm.";
  return claim.kind === "unsound" ? `What it says of a block is wrong: ${claim.problem}.` : "";
}

interface Verdict {
  readonly holds: boolean;
  readonly lines: readonly string[];
}

/** A stamp may be in several blocks. One that is in the chain is enough; else it is the first one that is spoken of. */
async function anchorOne(claims: readonly Claim[], id: string, url: string): Promise<readonly string[]> {
  const known = claims.find(({ block }) => block.id === id);
  let first: readonly string[] | undefined;
  for (const claim of known === undefined ? claims.slice(0, maxJudged) : [known]) {
    const { holds, lines } = await judge(claim, id, url);
    if (holds) return [...lines, ...describe(claim)];
    first ??= [...lines, ...describe(claim)];
  }
  return first ?? [];
}

/** Whoever makes a file can write thousands of blocks into it. A node is not asked for all. */
const maxJudged = 64;

function describe({ block, chain, network }: Claim): readonly string[] {
  return [
    `Block: ${block.id}`,
    `Height: ${block.height}`,
    `Chain, as the proof says: ${chain}, network ${network}`,
    `Time, as the maker of the block claims: ${timeOf(block.timestamp)}`,
  ];
}

/** Whether the block is one of the chain, and by whose word. */
async function judge(claim: Claim, id: string, url: string): Promise<Verdict> {
  if (id === claim.block.id) return held("the day on which you have the id of this block");
  if (url === "")
    return open(id === "" ? notAnchored : "It cannot be told: the id is that of another block.", laterBlock);
  try {
    return id === "" ? await askNode(claim, url) : await leadTo(claim, id, url);
  } catch (error) {
    return open("It cannot be told yet: the node gives no answer that helps.", String(error));
  }
}

const notAnchored = "Consistent, but not anchored: give the id of a block that you know, or a node that you trust.";
const laterBlock = "For the id of a later block, give a node as well: it need not be trusted.";

/** The node need not be believed: it gives the blocks up to the one that the reader knows, and they are checked. */
async function leadTo({ block }: Claim, id: string, url: string): Promise<Verdict> {
  const call = checkAnswers(createClient(url));
  const proof = await fetchProof(call, { id: block.id }, id, { check: checkProof, maxBytes: maxProofFileBytes });
  return held(`the day on which you have the id of block ${checkProof(proof).to.height}`);
}

async function askNode({ block, chain, network }: Claim, url: string): Promise<Verdict> {
  const call = checkAnswers(createClient(url));
  const served = await fetchServedChain(call);
  if (served.chain !== chain || served.network !== network) {
    return open(`It cannot be told: the node serves another chain, ${served.chain}, network ${served.network}.`);
  }
  const { block: found } = await call("getBlockByHeight", { height: block.height });
  if (found.id !== block.id) return open(`It does not hold: the node has another block at height ${block.height}.`);
  const time = found.firstSight?.own ? timeOf(found.firstSight.time) : "today";
  const notice = served.notice === undefined ? [] : [`It proves nothing to others: ${served.notice}.`];
  return held(`${time}, by the word of this node`, ...notice);
}

function held(time: string, ...more: readonly string[]): Verdict {
  return { holds: true, lines: [`It holds: the file existed by ${time}.`, ...more] };
}

function open(...lines: readonly string[]): Verdict {
  return { holds: false, lines };
}

function timeOf(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString();
}
