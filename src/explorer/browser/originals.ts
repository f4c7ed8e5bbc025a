import type { Digest } from "../../core/digest.ts";
import { otsName, type ReadProof } from "./verify-ots.ts";

/** A file that may be the one that a proof is of. */
export interface HashedFile {
  readonly file: File;
  readonly digest: Digest;
}

/** What was found for a proof: its file, or another one that was meant as such. */
export type Original = HashedFile & { readonly isSame: boolean };

/**
 * Gives a function that finds the file of a proof among these: by its digest, whatever its name is. Else a file is
 * meant that has the name of the proof without .ots, or that is alone with the proof. Undefined if there is none.
 */
export function originalsAmong(
  files: readonly HashedFile[],
  isAlone: boolean,
): (proof: ReadProof) => Original | undefined {
  const byDigest = new Map<string, HashedFile>(files.map((hashed) => [hashed.digest, hashed]));
  const byName = new Map(files.map((hashed) => [hashed.file.name, hashed]));
  return ({ file: { name }, reading }) => {
    if ("problem" in reading) return undefined;
    const same = byDigest.get(reading.ots.digest.toHex());
    if (same !== undefined) return { ...same, isSame: true };
    const meant = byName.get(name.replace(otsName, "")) ?? (isAlone ? files.at(-1) : undefined);
    return meant && { ...meant, isSame: false };
  };
}
