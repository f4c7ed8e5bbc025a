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
 * Finds the file of a proof: by its digest, whatever its name is. Else a file is meant that has the name of the proof
 * without .ots, or that is alone with the proof. Undefined if there is none.
 */
export function originalOf(
  { file: { name }, reading }: ReadProof,
  files: readonly HashedFile[],
  isAlone: boolean,
): Original | undefined {
  if ("problem" in reading) return undefined;
  const stamped = reading.ots.digest.toHex();
  const same = files.find(({ digest }) => digest === stamped);
  if (same !== undefined) return { ...same, isSame: true };
  const meant =
    files.find(({ file }) => file.name === name.replace(otsName, "")) ?? (isAlone ? files.at(-1) : undefined);
  return meant && { ...meant, isSame: false };
}
