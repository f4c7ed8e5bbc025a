import { bytesOf } from "../support/chain.ts";
import type { Clients } from "./clients.ts";
import type { Node } from "./node.ts";
import type { World } from "./world.ts";

/** Lies that each liar sends to each node in one wave. */
const liesPerWave = 3;

/**
 * Liars gossip whatever fills blocks with nothing of use, to all nodes but the last. That one proposes one thing after
 * the other, which the first liar passes on as its own at once, behind its lies.
 */
export class Flood {
  /** For how many blocks each honest proposal waited. */
  readonly waits: number[] = [];
  readonly #world: World;
  readonly #others: readonly Node[];
  readonly #honest: Node | undefined;
  readonly #clients: Clients;
  #lies = 0;
  #truths = 0;
  /** The honest proposal that waits, and the height when it came. */
  #waiting: { readonly text: string; readonly since: number } | undefined;

  constructor(world: World, nodes: readonly Node[], clients: Clients) {
    this.#world = world;
    this.#others = nodes.slice(0, -1);
    this.#honest = nodes.at(-1);
    this.#clients = clients;
  }

  /** To be called again and again. */
  wave(): void {
    const { troubles, plan } = this.#world;
    if (troubles.isOver) return;
    for (let liar = 0; liar < plan.liars; liar++) this.#lie(plan.nodes + liar);
    this.#proposeNext();
  }

  #lie(liar: number): void {
    for (const node of this.#others) {
      const lies = Array.from({ length: liesPerWave }, () => `lie ${this.#lies++}`);
      for (const lie of lies) this.#clients.strays.add(lie);
      node.life?.addGossip(lies.map(bytesOf), liar);
    }
  }

  #proposeNext(): void {
    const { winners, height } = this.#world.consensus;
    if (this.#waiting !== undefined) {
      const { text, since } = this.#waiting;
      const at = winners.findIndex((block, i) => i >= since && new TextDecoder().decode(block.data) === text);
      if (at < 0) return;
      this.waits.push(at + 1 - since);
    }
    this.#waiting = { text: `truth ${this.#truths++}`, since: height };
    const { text } = this.#waiting;
    this.#clients.strays.add(text);
    this.#honest?.life?.propose([{ data: bytesOf(text) }]);
    for (const node of this.#others) node.life?.addGossip([bytesOf(text)], this.#world.plan.nodes);
  }
}
