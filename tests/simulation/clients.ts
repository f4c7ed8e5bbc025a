import type { Block } from "../../src/core/block.ts";
import { bytesOf } from "../support/chain.ts";
import type { Proposed } from "./checker.ts";
import type { Node } from "./node.ts";
import type { World } from "./world.ts";

/** What clients know of one piece of data. */
interface Known {
  /** Nodes that have acknowledged it, and have not lost it with their disk since. */
  readonly acknowledgedBy: Set<number>;
  /** Of these, nodes that have lost their disk, or what it was worth, while the chain had the data. */
  readonly leftToChain: Set<number>;
  again: number;
}

/** People who propose or stamp data at any node, most of it once, some of it again or at several nodes. */
export class Clients {
  readonly #world: World;
  readonly #nodes: readonly Node[];
  readonly #knownByText = new Map<string, Known>();
  /** What others than clients brought up. */
  readonly strays = new Set<string>();

  constructor(world: World, nodes: readonly Node[]) {
    this.#world = world;
    this.#nodes = nodes;
  }

  get proposals(): Proposed[] {
    return [...this.#knownByText].map(([text, { acknowledgedBy, again }]) => ({
      text,
      isAcknowledged: acknowledgedBy.size > 0,
      again,
    }));
  }

  /** Somebody proposes something. */
  propose(): void {
    const { random } = this.#world;
    const node = random.pick(this.#nodes.filter(({ isNormal }) => isNormal));
    if (node === undefined) return;
    const texts = Array.from({ length: random.pick([1, 1, 1, 4]) ?? 1 }, () => this.#choose());
    void this.#proposeAt(node, texts);
    const other = random.pick(this.#nodes);
    if (other !== undefined && random.chance(0.15)) void this.#proposeAt(other, texts);
  }

  /** Some data that was proposed before. */
  pickOld(): Uint8Array | undefined {
    const text = this.#world.random.pick([...this.#knownByText.keys()]);
    return text === undefined ? undefined : bytesOf(text);
  }

  /** A node is about to lose its chain data: what no other node has accepted may be lost with it. */
  forgetWaitingAt(node: number): void {
    const stamped = new Set(
      this.#nodes.filter(({ index }) => index !== node).flatMap((other) => [...this.#acceptedAt(other)]),
    );
    this.leaveToChain(node);
    for (const [text, { acknowledgedBy }] of this.#knownByText) {
      if (!stamped.has(text) && acknowledgedBy.delete(node)) this.#world.journal.count("proposals at risk");
    }
  }

  /** A node is about to lose what its chain data say of the chain: what that carries is left to the others. */
  leaveToChain(node: number): void {
    const stamped = this.#world.consensus.winners.map(textOf);
    for (const text of stamped) this.#knownByText.get(text)?.leftToChain.add(node);
  }

  /** The chain has lost blocks, as no node has them any more: what was left to it is lost as well. */
  forgetStamped(blocks: readonly Block[]): void {
    for (const block of blocks) {
      const known = this.#knownByText.get(textOf(block));
      for (const node of known?.leftToChain ?? []) known?.acknowledgedBy.delete(node);
    }
  }

  /** Nothing that a node has acknowledged counts any more. */
  forgetAllAt(node: number): void {
    for (const { acknowledgedBy } of this.#knownByText.values()) acknowledgedBy.delete(node);
  }

  /** Another program builds a block with it, whether or not it should. */
  expectAgain(data: Uint8Array): void {
    const known = this.#knownByText.get(new TextDecoder().decode(data));
    if (known !== undefined) known.again++;
  }

  #choose(): string {
    const { random } = this.#world;
    const old = random.pick([...this.#knownByText.keys()]);
    if (old !== undefined && random.chance(0.15)) return old;
    const text = `p${this.#knownByText.size}`;
    return random.chance(0.05) ? text.padEnd(random.between(100, 40_000), ".") : text;
  }

  async #proposeAt(node: Node, texts: readonly string[]): Promise<void> {
    const { journal, troubles } = this.#world;
    const { life } = node;
    if (!life?.isNormal) return;
    const accepted = this.#acceptedAt(node);
    const knowns = texts.map((text) => this.#know(text));
    texts.forEach((text, i) => {
      if (knowns[i] !== undefined && accepted.has(text) && !isStamp(text)) knowns[i].again++;
    });
    const refusals = await life.propose(texts.map((text) => ({ data: bytesOf(text), once: isStamp(text) })));
    if (refusals.length === 0 || node.life !== life) return;
    const isAnswered = !troubles.kills();
    texts.forEach((text, i) => {
      journal.note(`node ${node.index} is proposed ${text.slice(0, 20)}: ${refusals[i]?.refusal.code ?? "taken"}`);
      journal.count(refusals[i] ? "proposals refused" : "proposals taken");
      if (refusals[i] !== undefined) return;
      knowns[i]?.leftToChain.delete(node.index);
      if (isAnswered) knowns[i]?.acknowledgedBy.add(node.index);
    });
    if (!isAnswered) node.kill();
  }

  #know(text: string): Known {
    return this.#knownByText.getOrInsertComputed(text, () => ({
      acknowledgedBy: new Set(),
      leftToChain: new Set(),
      again: 0,
    }));
  }

  /** What the chain of a node carries. */
  #acceptedAt({ lastAccepted }: Node): Set<string> {
    return new Set(this.#world.consensus.winners.slice(0, Number(lastAccepted?.height ?? 0n)).map(textOf));
  }
}

/** Every other text is stamped, which makes no second block. */
function isStamp(text: string): boolean {
  return Number.parseInt(text.slice(1), 10) % 2 === 0;
}

function textOf({ data }: Block): string {
  return new TextDecoder().decode(data);
}
