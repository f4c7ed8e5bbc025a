import type { Id } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import type { Random } from "./random.ts";

/** The processing blocks of one node, and which of rivals it prefers. */
export class BlockTree {
  readonly #blockById = new Map<Id, Block>();
  readonly #preferredByParent = new Map<Id, Id>();

  get size(): number {
    return this.#blockById.size;
  }

  has(id: Id): boolean {
    return this.#blockById.has(id);
  }

  add(block: Block): void {
    this.#blockById.set(block.id, block);
    if (!this.#preferredByParent.has(block.parentId)) this.#preferredByParent.set(block.parentId, block.id);
  }

  delete(blocks: readonly Block[]): void {
    for (const { id, parentId } of blocks) {
      this.#blockById.delete(id);
      this.#preferredByParent.delete(parentId); // its rivals go with it
    }
  }

  childrenOf(parent: Id): Block[] {
    return [...this.#blockById.values()].filter(({ parentId }) => parentId === parent);
  }

  /** The end of the preferred branch on the last accepted block. */
  preferredOn(lastAccepted: Id): Id {
    let at = lastAccepted;
    for (;;) {
      const next = this.#preferredByParent.get(at);
      if (next === undefined || !this.has(next)) return at;
      at = next;
    }
  }

  /** Prefers another one of rivals somewhere. */
  flip(random: Random): void {
    const rivals = [...this.#blockById.values()].filter(
      ({ id, parentId }) => this.#preferredByParent.get(parentId) !== id,
    );
    const chosen = random.pick(rivals);
    if (chosen !== undefined) this.#preferredByParent.set(chosen.parentId, chosen.id);
  }

  /** What is rejected with an accept: the rivals in any order, then what stands on them (utils/tree/tree.go:75). */
  losersTo(winner: Block, random: Random): Block[] {
    const losers = random.shuffle(this.childrenOf(winner.parentId).filter(({ id }) => id !== winner.id));
    for (const loser of losers) losers.push(...this.childrenOf(loser.id)); // grows while it is read
    return losers;
  }
}
