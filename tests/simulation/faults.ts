import type { Block } from "../../src/core/block.ts";
import { bytesOf, childOf } from "../support/chain.ts";
import { spaced } from "../vm/model.ts";
import type { Clients } from "./clients.ts";
import type { Node } from "./node.ts";
import type { FaultName } from "./plan.ts";
import type { World } from "./world.ts";

/** Does to nodes what the world does to them. */
export class Faults {
  readonly #world: World;
  readonly #nodes: readonly Node[];
  readonly #clients: Clients;

  constructor(world: World, nodes: readonly Node[], clients: Clients) {
    this.#world = world;
    this.#nodes = nodes;
    this.#clients = clients;
  }

  /** One of those that the run has. */
  strike(): void {
    const { random, plan, journal } = this.#world;
    const name = random.pick(plan.faults);
    const node = random.pick(this.#nodes);
    if (name === undefined || node === undefined) return;
    if (!this.#strikeByName[name](node)) return;
    journal.note(`fault at node ${node.index}: ${name}`);
    journal.count(name);
  }

  /** Everything is as it should be from now on, and no block is from the future. */
  heal(): void {
    const newest = this.#world.consensus.blocks.reduce((max, { timestamp }) => (timestamp > max ? timestamp : max), 0n);
    for (const node of this.#nodes) node.jumpClock(-node.clock.aheadMs);
    const aheadMs = Math.max(0, ...this.#nodes.map(({ clock }) => Number(newest - clock.now()) * 1_000));
    for (const node of this.#nodes) {
      node.jumpClock(aheadMs);
      node.life?.freeDisk();
      node.start();
    }
    this.#world.network.heal();
  }

  /** Each gives whether it did anything. */
  readonly #strikeByName: Readonly<Record<FaultName, (node: Node) => boolean>> = {
    kill: (node) => this.#ifUp(node, () => node.kill()),
    stop: (node) => this.#ifUp(node, () => node.stop()),
    "power loss": (node) => this.#losePower(node, this.#isCovered(node) ? node.database.all : node.database.unsynced),
    outage: () => this.#nodes.map((node) => this.#losePower(node, node.database.unsynced)).every(Boolean),
    "wiped database": (node) =>
      this.#ifCovered(node, () => {
        this.#clients.leaveToChain(node.index);
        node.database.wipe();
      }),
    "wiped chain data": (node) => this.#ifCovered(node, () => this.#wipeChainData(node)),
    "both wiped": (node) =>
      this.#ifCovered(node, () => {
        node.database.wipe();
        this.#wipeChainData(node);
      }),
    "clock jump": (node) => {
      const seconds = this.#world.random.pick([2, 60, 3_500, 3_600, 3_700, 3 * 86_400]) ?? 2;
      const ms = seconds * (this.#world.random.chance(0.5) ? 1_000 : -1_000);
      node.jumpClock(ms);
      return this.#afterwards(() => node.jumpClock(-ms));
    },
    partition: () => {
      const { network, random } = this.#world;
      network.cutOff = new Set(this.#nodes.filter(() => random.chance(0.5)).map(({ index }) => index));
      return this.#afterwards(() => {
        network.cutOff = new Set();
      });
    },
    "slow node": ({ index }) => {
      this.#world.network.slow.add(index);
      return this.#afterwards(() => this.#world.network.slow.delete(index));
    },
    "no gossip": () => {
      this.#world.network.isGossipLost = true;
      return this.#afterwards(() => {
        this.#world.network.isGossipLost = false;
      });
    },
    "disk full": (node) => {
      node.life?.fillDisk();
      return this.#afterwards(() => node.life?.freeDisk());
    },
    "junk gossip": (node) => {
      const { random } = this.#world;
      const junk = Array.from({ length: random.between(1, 8) }, () => `junk ${random.below(1_000)}`);
      for (const text of junk) this.#clients.strays.add(text);
      node.life?.addGossip([...junk.map(bytesOf), new Uint8Array()], 100 + random.below(4));
      this.#clients.strays.add("");
      return true;
    },
    "late gossip": (node) => {
      const data = this.#clients.pickOld();
      if (data !== undefined) node.life?.addGossip([data], 100);
      return data !== undefined;
    },
    "old blocks": (node) => {
      const old = this.#world.consensus.blocks.slice(-10).map(({ bytes }) => bytes);
      this.#world.network.broadcast(node.index, { kind: "blocks", blocks: old });
      node.receive({ kind: "blocks", blocks: old }, node.index);
      return old.length > 0;
    },
    "foreign block": (node) => {
      const { random } = this.#world;
      const old = random.chance(0.3) ? this.#clients.pickOld() : undefined;
      if (old !== undefined) this.#clients.expectAgain(old);
      const text = `foreign ${random.below(1_000)}`;
      this.#clients.strays.add(text);
      return this.#publish(node, (parent) => {
        const block = spaced(childOf(parent, old ?? text, parent.timestamp + 1n));
        this.#world.consensus.add(block);
        return block;
      });
    },
    "bad block": (node) => {
      const { random } = this.#world;
      const wrongTime = random.pick([-1n, 3_600n * 24n * 365n]) ?? 0n;
      return this.#publish(node, (parent) =>
        random.chance(0.7)
          ? childOf(parent, "bad", parent.timestamp + wrongTime)
          : childOf({ ...parent, height: parent.height + 1n }, "bad", parent.timestamp),
      );
    },
    "cancelled waits": (node) => {
      const { random, schedule } = this.#world;
      for (let i = 0; i < 20; i++) schedule.after(random.between(0, 2_000), () => node.life?.cancelWait());
      return true;
    },
  };

  /** A node that goes down for it. */
  #ifUp(node: Node, strike: () => void): boolean {
    if (!node.isUp) return false;
    strike();
    return true;
  }

  /** What a node loses, another one must have: it could not come back otherwise. */
  #ifCovered(node: Node, strike: () => void): boolean {
    if (!this.#isCovered(node)) return false;
    node.kill();
    strike();
    this.#forgetUnsynced(node);
    return true;
  }

  #isCovered(node: Node): boolean {
    const height = node.lastAccepted?.height;
    if (height === undefined) return false;
    return this.#nodes.some(
      (other) => other !== node && other.isNormal && (other.lastAccepted?.height ?? 0n) >= height,
    );
  }

  #losePower(node: Node, maxWrites: number): boolean {
    this.#forgetUnsynced(node);
    node.losePower(maxWrites);
    return true;
  }

  /** Where nothing is synced, nobody may rely on what this node had, nor on what the others have of it. */
  #forgetUnsynced(node: Node): void {
    if (this.#world.plan.config.durability === "normal") this.#clients.forgetAllAt(node.index);
  }

  /** Another program's block comes to all nodes that are connected to this one. */
  #publish(node: Node, make: (parent: Block) => Block): boolean {
    const parent = node.lastAccepted;
    if (parent === undefined || parent.height === 0n) return false;
    this.#world.network.broadcast(node.index, { kind: "blocks", blocks: [make(parent).bytes] });
    return true;
  }

  #wipeChainData(node: Node): void {
    this.#clients.forgetWaitingAt(node.index);
    node.wipeChainData();
  }

  #afterwards(end: () => void): boolean {
    const { schedule, random, troubles } = this.#world;
    schedule.after(random.between(500, 8_000), () => {
      if (!troubles.isOver) end();
    });
    return true;
  }
}
