import { closeSync, lstatSync, rmSync, statSync } from "node:fs";
import { fetchCarriers, fetchServedChain, type ServedChain } from "../../client/confirmed-block.ts";
import { type Digest, digestFromBytes } from "../../core/digest.ts";
import type { StampedBlock } from "../../proof/block-attestation.ts";
import { blockClaimsOf, blocksToAsk, keyOf } from "../../proof/block-claims.ts";
import { checkProof } from "../../proof/block-proof.ts";
import type { Carrier } from "../../proof/file-proofs.ts";
import { createFile, type FilePath, folderOf, unfinishedNameOf } from "../../store/new-file.ts";
import { CommandFailed } from "../command-failed.ts";
import { namingFile } from "../naming-file.ts";
import { type Ask, orMissing } from "../node/connection.ts";
import { type Stamped, stampsOf } from "../node/stamping.ts";
import type { Output } from "../terminal/output.ts";
import { readOtsFile } from "./ots-files.ts";
import { Recent } from "./recent.ts";

/** A node, as those who write proofs ask it: of its chain, and of each block that a proof names, once. */
export class ProofNode {
  readonly #ask: Ask;
  readonly #folders = new Set<string>();
  readonly #known = new Recent<Promise<boolean>>();
  #served: Promise<ServedChain> | undefined;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** The chain that the node serves. Rejects as `fetchServedChain` does. */
  served(): Promise<ServedChain> {
    this.#served ??= fetchServedChain(this.#ask);
    return this.#served;
  }

  /**
   * Whether the proof of a file with this digest is in its place, and its block on the chain. Rejects with "command
   * failed" for another proof, over which nothing is ever written, or if no file can be made in its place.
   */
  async has(path: FilePath, digest: Digest, output: Output): Promise<boolean> {
    const name = path.toString();
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return this.#expectRoom(path);
    const refuse = (problem: string, hint: string) =>
      new CommandFailed(`${name} ${problem}, and stays as it is\n${hint}`);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw refuse("is no file", "Move it away.");
    const ots = readOtsFile({ kind: "file", path, name }, output);
    if (ots.hash !== "sha256" || digestFromBytes(ots.digest) !== digest) {
      throw refuse("is the proof of another version of the file", "Move such a proof away to have another.");
    }
    const claims = blockClaimsOf(ots).filter((claim) => claim.kind === "block");
    for (const claim of blocksToAsk(claims)) if (await this.#isOnChain(claim)) return true;
    if (claims.length === 0) throw refuse("names no block", "timestampvm upgrade adds the block of a stamp.");
    throw refuse("names a block that this node's chain does not have", "timestampvm verify says more of such a proof.");
  }

  /** The blocks of a stamp that waits for none, with their exact bytes. Rejects as `fetchCarriers` does. */
  async carriersOf(stamped: Stamped): Promise<readonly Carrier[]> {
    return fetchCarriers(this.#ask, stampsOf(stamped), checkProof, await this.served());
  }

  /** A stamp whose proof cannot be written is of no use. Each folder is tried once. */
  #expectRoom(path: FilePath): false {
    const key = Buffer.from(folderOf(path)).toString("latin1");
    if (this.#folders.has(key)) return false;
    namingFile(path.toString(), () => {
      const trial = unfinishedNameOf(path);
      closeSync(createFile(trial, 0o666));
      rmSync(trial);
    });
    this.#folders.add(key);
    return false;
  }

  #isOnChain(stamped: StampedBlock): Promise<boolean> {
    return this.#known.get(keyOf(stamped), () => this.#askFor(stamped));
  }

  async #askFor({ block, chain, network }: StampedBlock): Promise<boolean> {
    const served = await this.served();
    if (served.chain !== chain || served.network !== network) return false;
    const found = await orMissing(this.#ask("getBlockByHeight", { height: block.height }));
    return found?.block.id === block.id;
  }
}
