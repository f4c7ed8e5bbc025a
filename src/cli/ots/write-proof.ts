import { type Digest, digestToBytes } from "../../core/digest.ts";
import { ProofError } from "../../proof/errors.ts";
import { proveFile } from "../../proof/file-proofs.ts";
import type { FilePath } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import { isWaiting, type Stamped } from "../node/stamping.ts";
import { writeNewOts } from "./ots-files.ts";
import type { ProofNode } from "./proof-node.ts";

/**
 * Writes the proof of a file with this digest once the node has shown the block of its stamp. Gives whether there is
 * one: not while the stamp waits. Throws "command failed" if an `.ots` file cannot hold the block.
 */
export async function writeProof(path: FilePath, digest: Digest, stamped: Stamped, node: ProofNode): Promise<boolean> {
  if (isWaiting(stamped)) return false;
  const carriers = await node.carriersOf(stamped);
  try {
    writeNewOts(path, proveFile(digestToBytes(digest), carriers));
    return true;
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw new CommandFailed(
      `it is stamped, but ${error.message}: timestampvm proof FILE --output FILE.proof.json writes its proof`,
    );
  }
}
