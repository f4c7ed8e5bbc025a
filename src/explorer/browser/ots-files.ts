import { downloadZip } from "client-zip";
import type { CallApi } from "../../client/client.ts";
import { fetchCarriers, type StampSummary } from "../../client/confirmed-block.ts";
import { digestFromHex, digestToBytes } from "../../core/digest.ts";
import { checkProof } from "../../proof/block-proof.ts";
import { type Carrier, proveFile } from "../../proof/file-proofs.ts";
import { writeOts } from "../../proof/ots/write.ts";
import { expectAbleToCheck } from "./check-proof.ts";
import { button } from "./dom.ts";
import { save } from "./save.ts";

/** The proof of a file of this page's user. */
export interface OtsDownload {
  /** The file's own name, without folders. */
  readonly name: string;
  /** SHA-256 of the file, in hex. */
  readonly digest: string;
  /** The bytes of `NAME.ots`. */
  readonly ots: Uint8Array<ArrayBuffer>;
}

/** Fetches the blocks of stamps of one digest. Rejects as `fetchCarriers` does. */
export async function fetchBlocks(call: CallApi, stamps: readonly StampSummary[]): Promise<readonly Carrier[]> {
  expectAbleToCheck();
  return fetchCarriers(call, stamps, checkProof);
}

/** Makes the proof of a lone file by blocks that carry its digest, or the file itself. */
export function otsOf(name: string, digest: string, carriers: readonly Carrier[]): OtsDownload {
  return { name, digest, ots: writeOts(proveFile(digestToBytes(digestFromHex(digest)), carriers)) };
}

/** A button that saves the proof of one file. */
export function otsButton(download: OtsDownload, className = "button"): HTMLButtonElement {
  return button("Download proof (.ots)", className, () => save(`${download.name}.ots`, new Blob([download.ots])));
}

/** A button that saves the proofs of several files as one ZIP file. */
export function zipButton(downloads: readonly OtsDownload[]): HTMLButtonElement {
  return button("Download all proofs (.zip)", "button", () => void saveZip(downloads));
}

async function saveZip(downloads: readonly OtsDownload[]): Promise<void> {
  const names = uniqueNames(downloads.map(({ name }) => name));
  const files = downloads.map(({ ots }, i) => ({ name: `${names[i]}.ots`, input: ots, lastModified: new Date() }));
  save("proofs.zip", await downloadZip(files).blob());
}

/** Files of several folders may have the same name, by upper and lower case too: `a (2).txt` is the second `a.txt`. */
function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const [, stem = name, ending = ""] = /^(.+?)(\.[^.]*)?$/.exec(name) ?? [];
    let unique = name;
    for (let i = 2; taken.has(unique.toLowerCase()); i++) unique = `${stem} (${i})${ending}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}

/** A proof that was made here, as the file that people would drop. */
export function toFile({ name, ots }: OtsDownload): File {
  return new File([ots], `${name}.ots`);
}
