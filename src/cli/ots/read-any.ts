import { type CheckedProof, maxProofFileBytes } from "../../proof/block-proof.ts";
import { hasMagic } from "../../proof/ots/read.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { type FilePath, withSuffix } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import { decodeNamed, nameOfProof, parseNamed } from "../proof-file.ts";
import { readData } from "../read-source.ts";
import type { NamedSource } from "../source.ts";
import type { Output } from "../terminal/output.ts";
import { isFile } from "./originals.ts";
import { otsSuffix, parseOts } from "./ots-files.ts";

/** A proof in one of the two forms. */
export type AnyProof =
  | { readonly kind: "ots"; readonly ots: OtsFile }
  | { readonly kind: "json"; readonly proof: CheckedProof };

/** Reads an `.ots` file or a proof in JSON: its content says which. Throws a `ProofProblem`. */
export function readAnyProof(source: NamedSource, output: Output): AnyProof {
  try {
    return readEither(source, output);
  } catch (error) {
    if (
      error instanceof CommandFailed &&
      source.kind === "file" &&
      isFile(withSuffix<FilePath>(source.path, otsSuffix))
    ) {
      throw new CommandFailed(`${source.name}: it is no proof: ${source.name}${otsSuffix} may be the proof of it`);
    }
    throw error;
  }
}

function readEither(source: NamedSource, output: Output): AnyProof {
  const name = nameOfProof(source);
  let { data } = readData(source, maxProofFileBytes, output);
  if (hasMagic(data)) return { kind: "ots", ots: parseOts(name, data) };
  const read = () => {
    const text = decodeNamed(data, name, output);
    data = new Uint8Array(); // frees the bytes before the text is parsed
    return text;
  };
  return { kind: "json", proof: parseNamed(name, read) };
}
