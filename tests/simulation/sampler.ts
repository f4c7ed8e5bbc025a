import type { Block } from "../../src/core/block.ts";
import { findForks } from "./checker.ts";
import type { Clients } from "./clients.ts";
import type { Node } from "./node.ts";
import type { World } from "./world.ts";

/** Looks at all nodes now and then: at any time all chains are beginnings of the longest one. */
export class Sampler {
  readonly #world: World;
  readonly #nodes: readonly Node[];
  readonly #clients: Clients;
  /** What was read of each node so far. */
  readonly #chains: Block[][];
  #quietAtMs: number | undefined;

  constructor(world: World, nodes: readonly Node[], clients: Clients) {
    this.#world = world;
    this.#nodes = nodes;
    this.#clients = clients;
    this.#chains = nodes.map(() => []);
  }

  /** Whether no node had anything left to do at the last look, if that was after `ms`. */
  isQuietAfter(ms: number): boolean {
    return this.#quietAtMs !== undefined && this.#quietAtMs > ms;
  }

  sample(): void {
    const { journal, consensus, schedule } = this.#world;
    const chains = this.#nodes.map((node) => this.#read(node));
    for (const problem of findForks(chains.map((chain) => chain.map(({ id }) => id)))) journal.violate(problem);
    for (const node of this.#nodes) node.life?.check();
    this.#clients.forgetStamped(consensus.forgetLost());
    const isSame = new Set(chains.map((chain) => chain.at(-1)?.id)).size === 1;
    this.#quietAtMs = isSame && this.#nodes.every((node) => node.life?.isQuiet) ? schedule.nowMs : undefined;
  }

  /** The whole chain where a node has started since the last time; what is new otherwise. Nothing while it is down. */
  #read(node: Node): Block[] {
    const known = this.#chains[node.index] ?? [];
    const news = node.life?.readChain(known.length) ?? [];
    const isOlder = known.length > 0 && known.at(-1)?.id !== (news[0]?.parentId ?? node.lastAccepted?.id);
    const chain = isOlder ? (node.life?.readChain(0) ?? []) : [...known, ...news];
    this.#chains[node.index] = chain;
    return chain;
  }
}
