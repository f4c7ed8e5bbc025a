import { encodingOf } from "../core/encoding.ts";
import { escapeLine } from "../core/printable.ts";
import { type CheckedProof, maxProofFileBytes, parseProof } from "../proof/block-proof.ts";
import { ProofError } from "../proof/errors.ts";
import { decodeProof } from "../proof/proof-text.ts";
import { ProofProblem } from "./proof-problem.ts";
import { readData } from "./read-source.ts";
import type { NamedSource } from "./source.ts";
import type { Output } from "./terminal/output.ts";

/** Reads a proof and checks it. Throws a `ProofProblem` with the reason if its blocks do not fit together. */
export function readProof(source: NamedSource, output: Output): CheckedProof {
  const name = nameOfProof(source);
  return parseNamed(name, () => readText(source, name, output));
}

/** The name of a proof's file, for people. */
export function nameOfProof(source: NamedSource): string {
  return source.kind === "file" ? source.name : "standard input";
}

/** Checks the proof that `read` gives as text. Throws like `readProof`. */
export function parseNamed(name: string, read: () => string): CheckedProof {
  try {
    return parseProof(read());
  } catch (error) {
    if (error instanceof ProofError) throw new ProofProblem("does not hold", `${name}: ${error.message}`);
    if (error instanceof SyntaxError) throw new ProofProblem("does not hold", `${name}: it is no proof`);
    throw error;
  }
}

/** A separate function, so that the bytes are freed before the text is parsed. */
function readText(source: NamedSource, name: string, output: Output): string {
  return decodeNamed(readData(source, maxProofFileBytes, output).data, name, output);
}

/** The text of a proof. Throws "malformed proof". */
export function decodeNamed(data: Uint8Array, name: string, output: Output): string {
  const text = decodeProof(data);
  if (encodingOf(data) !== "utf-8")
    output.err(`note: ${escapeLine(name)} is in UTF-16, which other programs may not read\n`);
  return text;
}
