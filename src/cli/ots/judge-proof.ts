import { type Digest, digestBytes, digestFromBytes, digestOf } from "../../core/digest.ts";
import { escapeLine } from "../../core/printable.ts";
import type { StampedBlock } from "../../proof/block-attestation.ts";
import { type BlockClaim, blockClaimsOf, blocksToAsk } from "../../proof/block-claims.ts";
import type { CheckedProof } from "../../proof/block-proof.ts";
import type { HashKind } from "../../proof/ots/op.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { ProofProblem } from "../proof-problem.ts";
import { expectAbout } from "../proof-subject.ts";
import type { NamedSource } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { type Anchored, findAnchor, type ProvenBlock, type Trust } from "./find-anchor.ts";
import type { FindOriginal, Original } from "./originals.ts";
import { readAnyProof } from "./read-any.ts";
import { remarksOf } from "./remarks.ts";
import { describeStatement } from "./statements.ts";

/** A proof that is sound, and what is known of it. */
export interface Judged extends Anchored {
  /** The SHA-256 that it is about; undefined if a proof in JSON does not say it. */
  readonly digest: Digest | undefined;
  /** What was compared with it; undefined if there was nothing. */
  readonly original: Original | undefined;
  /** Whether the node found the block, which the proof does not name. */
  readonly isFound: boolean;
  /** What the proof says beside. */
  readonly remarks: readonly string[];
}

/** With what a proof is compared, and by whose word it may hold. */
export interface Judges {
  readonly findOriginal: FindOriginal;
  readonly trust: Trust;
}

/** Judges a proof. Rejects with a `ProofProblem` if it does not hold, or nothing can be told of it. */
export async function judgeProof(source: NamedSource, judges: Judges, output: Output): Promise<Judged> {
  const read = readAnyProof(source, output);
  const find = (digest: Digest) => judges.findOriginal(source, digest, output);
  return read.kind === "ots" ? judgeOts(read.ots, find, judges.trust) : judgeJson(read.proof, find, judges.trust);
}

type Find = (digest: Digest) => Original | undefined;

async function judgeJson(proof: CheckedProof, find: Find, trust: Trust): Promise<Judged> {
  const { block, to, length, says } = proof;
  const { sha256, nonce, network, chain } = says;
  const carried = block.data.length === digestBytes ? digestFromBytes(block.data) : digestOf(block.data);
  const original = find(sha256 ?? carried);
  if (original !== undefined) expectAbout(proof, original, nonce);
  const anchored = await findAnchor([{ block, to, length, network, chain }], trust);
  return { ...anchored, digest: original?.digest ?? sha256, original, isFound: false, remarks: [] };
}

async function judgeOts(ots: OtsFile, find: Find, trust: Trust): Promise<Judged> {
  if (ots.hash !== "sha256") throw doesNotHold(`the proof rests on ${hashNames[ots.hash]}, and not on SHA-256`);
  const digest = digestFromBytes(ots.digest);
  const original = expectOriginal(digest, find(digest));
  const claims = blockClaimsOf(ots);
  const named = claims.filter((claim) => claim.kind === "block");
  const stamped = named.length > 0 ? named : await trust.node?.blocksOf(ots);
  const [first, ...others] = blocksToAsk(stamped ?? []).map(standAlone);
  if (first === undefined) throw describeNone(claims, ots, stamped !== undefined);
  const anchored = await findAnchor([first, ...others], trust);
  return { ...anchored, digest, original, isFound: named.length === 0, remarks: remarksOf(ots) };
}

const hashNames: Readonly<Record<HashKind, string>> = {
  sha1: "SHA-1",
  ripemd160: "RIPEMD-160",
  sha256: "SHA-256",
  keccak256: "Keccak-256",
};

function expectOriginal(digest: Digest, original: Original | undefined): Original | undefined {
  if (original === undefined || original.digest === digest) return original;
  const what = original.name === undefined ? "that" : escapeLine(original.name);
  throw doesNotHold(
    `${what} is not what was stamped: its SHA-256 is ${original.digest}, and the proof is of ${digest}`,
  );
}

function standAlone({ block, network, chain }: StampedBlock): ProvenBlock {
  return { block, to: block, length: 1, network, chain };
}

/** Why a proof without any block that is sound tells nothing. */
function describeNone(claims: readonly BlockClaim[], ots: OtsFile, wasAsked: boolean): ProofProblem {
  const unsound = claims.find(({ kind }) => kind === "unsound");
  if (unsound?.kind === "unsound") return doesNotHold(`the proof proves nothing: ${escapeLine(unsound.problem)}`);
  const newer = claims.find(({ kind }) => kind === "newer");
  const problem =
    newer?.kind === "newer"
      ? `the proof has a block ${describeStatement(newer)}`
      : "the proof names no block of this VM";
  return new ProofProblem("cannot tell yet", [problem, ...remarksOf(ots), wasAsked ? notFound : howToAsk].join("\n"));
}

const howToAsk = "A node may have a block of it: --url names one.";
const notFound =
  "The node has no block of it. If it was stamped just now, try again later; `timestampvm stamp` stamps the file anew.";

function doesNotHold(problem: string): ProofProblem {
  return new ProofProblem("does not hold", problem);
}
