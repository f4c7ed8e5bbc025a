import { type CheckedProof, maxProofFileBytes, parseProof } from "../proof/block-proof.ts";
import { ProofError } from "../proof/errors.ts";
import { decodeProof } from "../proof/proof-text.ts";
import { CommandFailed } from "./command-failed.ts";
import { readData } from "./read-source.ts";
import type { NamedSource } from "./source.ts";
import type { Output } from "./terminal/output.ts";

/** Reads a proof and checks it. Throws "command failed" with the reason if it does not hold. */
export function readProof(source: NamedSource, output: Output): CheckedProof {
  const name = source.kind === "file" ? source.name : "standard input";
  try {
    return parseProof(readText(source, output));
  } catch (error) {
    if (error instanceof ProofError) throw new CommandFailed(`${name}: ${error.message}`);
    if (error instanceof SyntaxError) throw new CommandFailed(`${name}: it is not JSON`);
    throw error;
  }
}

/** A separate function, so that the bytes are freed before the text is parsed. */
function readText(source: NamedSource, output: Output): string {
  return decodeProof(readData(source, maxProofFileBytes, output).data);
}
