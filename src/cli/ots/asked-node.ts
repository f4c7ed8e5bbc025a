import type { Id } from "../../avalanche/id.ts";
import { fetchServedChain, type ServedChain } from "../../client/confirmed-block.ts";
import { refusalOf } from "../../client/errors.ts";
import { fetchProof } from "../../client/fetch-proof.ts";
import type { Block } from "../../core/block.ts";
import { escapeLine } from "../../core/printable.ts";
import type { StampedBlock } from "../../proof/block-attestation.ts";
import { type CheckedProof, checkProof, maxProofFileBytes } from "../../proof/block-proof.ts";
import type { OtsFile } from "../../proof/ots/timestamp.ts";
import { failureOf } from "../failure.ts";
import { askForBlock, type NodeWord, orCannotTell } from "../node/anchor.ts";
import type { Ask, Connection } from "../node/connection.ts";
import { ProofProblem } from "../proof-problem.ts";
import type { Output } from "../terminal/output.ts";
import { lookUp } from "./look-up.ts";
import { Recent } from "./recent.ts";

/** A node that is asked about any number of proofs. What it says of one block is asked once: many may lead to it. */
export class AskedNode {
  readonly url: () => string;
  /** Whether the user has named it. */
  readonly isNamed: boolean;
  readonly #ask: Ask;
  readonly #output: Output;
  readonly #words = new Recent<Promise<NodeWord>>();
  readonly #paths = new Recent<Promise<CheckedProof>>();
  #served: Promise<ServedChain | undefined> | undefined;
  #notice: string | undefined;

  constructor({ ask, url, isNamed }: Connection, output: Output) {
    this.#ask = ask;
    this.url = url;
    this.isNamed = isNamed;
    this.#output = output;
  }

  /** The chain that it serves; undefined if the user has named no node, and none is at the default address. */
  served(): Promise<ServedChain | undefined> {
    this.#served ??= this.#fetchServed();
    return this.#served;
  }

  /** For people: what it is, once it was asked. */
  describe(): string {
    if (this.#notice === undefined) return `the node at ${this.url()}`;
    return `${this.url()}, which is a ${this.#notice}: that is worth nothing to anybody else`;
  }

  /** What it says of a block. Rejects like `askForBlock`. */
  wordOf(block: Block): Promise<NodeWord> {
    return this.#words.get(block.id, () => askForBlock(block, { url: this.url, ask: this.#ask }));
  }

  /**
   * The blocks from one to a later one, which nobody need believe. Rejects with a `ProofProblem` if the node does not
   * give them.
   */
  pathBetween(from: Block, to: Id): Promise<CheckedProof> {
    return this.#paths.get(from.id, () => this.#fetchPath(from, to));
  }

  /** Blocks that carry messages of a proof; undefined if there is no node. Rejects with a `ProofProblem`. */
  async blocksOf(ots: OtsFile): Promise<readonly StampedBlock[] | undefined> {
    const served = await this.served();
    if (served === undefined) return undefined;
    const found = await orCannotTell(() => lookUp(ots, served, this.#ask));
    return found.map(({ stamped }) => stamped);
  }

  async #fetchServed(): Promise<ServedChain | undefined> {
    const fetched = fetchServedChain(this.#ask);
    try {
      const served = await (this.isNamed ? orCannotTell(() => fetched) : fetched);
      this.#notice = served.notice;
      return served;
    } catch (error) {
      const [reason] = failureOf(error)?.split("\n") ?? [];
      if (this.isNamed || reason === undefined) throw error;
      this.#output.err(`note: no node could be asked: ${escapeLine(reason)}\n`);
      return undefined;
    }
  }

  #fetchPath(from: Block, to: Id): Promise<CheckedProof> {
    return orCannotTell(async () => {
      try {
        const limits = { check: checkProof, maxBytes: maxProofFileBytes };
        return checkProof(await fetchProof(this.#ask, { id: from.id }, to, limits));
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal?.code !== "invalid params" || refusal.parameter !== "to") throw error;
        throw new ProofProblem("does not hold", `block ${to} is below block ${from.id}, in which it was stamped`);
      }
    });
  }
}
