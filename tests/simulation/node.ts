import type { Database } from "bun:sqlite";
import type { Id } from "../../src/avalanche/id.ts";
import type { Block } from "../../src/core/block.ts";
import { defaultConfig } from "../../src/core/config.ts";
import { openVm } from "../../src/vm/open.ts";
import type { Vm } from "../../src/vm/vm.ts";
import { genesisBytes } from "../support/chain.ts";
import { withConnection } from "../support/database.ts";
import type { ChainData } from "./chain-data.ts";
import { isRefusal } from "./engine.ts";
import { Life } from "./life.ts";
import { type Message, nodeIdOf, type Peer } from "./network.ts";
import { NodeClock } from "./node-clock.ts";
import { NodeDatabase } from "./node-database.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { headAfter, proposervmProblem } from "./start-rules.ts";
import type { World } from "./world.ts";

/** A node with its disk and its clock: it starts, lives, dies and starts again. */
export class Node implements Peer {
  readonly index: number;
  readonly clock: NodeClock;
  readonly database = new NodeDatabase();
  readonly #world: World;
  readonly #chainData: ChainData;
  #life: Life | undefined;
  #vm: Vm | undefined;
  /** Of the file while no process has it; undefined when nobody knows it. */
  #fileHead: bigint | undefined = 0n;
  #disk: SimulatedDisk | undefined;
  /** The newest height that clients were shown, as far as the chain data are the same. */
  #shownHeight = 0n;

  constructor(index: number, world: World, chainData: ChainData) {
    this.index = index;
    this.clock = new NodeClock(world.schedule);
    this.#world = world;
    this.#chainData = chainData;
  }

  /** What runs in it now; undefined while it is down. */
  get life(): Life | undefined {
    return this.#life;
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  get isNormal(): boolean {
    return this.#life?.isNormal ?? false;
  }

  get lastAccepted(): Block | undefined {
    return this.#life?.lastAccepted;
  }

  has(id: Id): boolean {
    return this.#life?.has(id) ?? false;
  }

  getAncestors(id: Id): readonly Uint8Array[] {
    return this.#life?.getAncestors(id) ?? [];
  }

  receive(message: Message, from: number): void {
    this.#life?.receive(message, from);
  }

  start(): void {
    if (this.#life !== undefined) return;
    const { vm, connection } = this.#open();
    if (vm === undefined) return this.#startLater();
    this.#checkStart(vm);
    this.database.rollBack(vm.lastAccepted.height);
    this.database.markStart();
    this.#world.journal.note(`node ${this.index} starts at ${vm.lastAccepted.height}`);
    this.#vm = vm;
    this.#life = new Life({
      ...{ node: this.index, vm, connection, database: this.database, world: this.#world },
      nowMs: () => this.clock.nowMs(),
      die: () => this.kill(),
      halt: (error) => this.#halt(error),
    });
    this.#life.start();
  }

  /** kill -9: what the process wrote so far is what there is. */
  kill(): void {
    this.#end((vm) => this.#chainData.snapshot(() => vm.close()));
  }

  /** As the node stops its plugins. */
  stop(): void {
    this.#end((vm) => vm.close());
  }

  /** The power fails: the file keeps what was synced, the node's database loses up to `maxWrites`. */
  losePower(maxWrites: number): void {
    const { random } = this.#world;
    const kept = this.isUp ? random.between(this.#disk?.syncedBytes ?? 0, this.#chainData.logBytes) : undefined;
    this.kill();
    if (kept !== undefined) {
      this.#chainData.truncateLog(kept);
      this.#fileHead = undefined;
    }
    const few = Math.min(maxWrites, random.between(0, 4));
    this.database.loseEnd(random.chance(0.5) ? few : random.between(0, maxWrites));
  }

  /** The chain data directory is deleted while the node is down. */
  wipeChainData(): void {
    this.#chainData.wipe();
    this.#fileHead = 0n;
    this.#shownHeight = 0n;
  }

  jumpClock(ms: number): void {
    this.clock.aheadMs += ms;
    this.#life?.clockJumped();
  }

  /** For good. */
  remove(): void {
    this.stop();
    this.#chainData.remove();
  }

  /** As the plugin opens its chain at Initialize. Gives no VM when it is killed over that. */
  #open(): { readonly vm: Vm | undefined; readonly connection: Database | undefined } {
    if (!this.#world.plan.faults.includes("disk full")) return { vm: this.#openVm(), connection: undefined };
    const { opened: vm, connection } = withConnection(() => this.#openVm());
    return { vm, connection };
  }

  #openVm(): Vm | undefined {
    const { plan, journal, troubles } = this.#world;
    const { file } = this.#chainData;
    const disk = new SimulatedDisk(file, this.clock, this.index + 1);
    this.#disk = disk;
    const opening = openVm({
      file,
      disk,
      genesisBytes,
      marker: this.database.record.marker,
      config: { ...defaultConfig, ...plan.config },
      clock: this.clock,
      nodeId: nodeIdOf(this.index),
      gossip: (data) => this.#gossip(data),
    });
    for (;;) {
      const step = opening.next();
      if (step.done) return step.value;
      if (step.value === undefined) continue;
      journal.note(`node ${this.index} rewinds from ${step.value.from} to ${step.value.to}`);
      journal.count("rewinds");
      if (!troubles.killsAtStart()) continue;
      this.#chainData.snapshot(() => abandon(opening));
      this.#fileHead = undefined;
      return undefined;
    }
  }

  /** Some moments later, if it still lives then. */
  #gossip(data: Uint8Array): void {
    const { schedule, random, network } = this.#world;
    const life = this.#life;
    schedule.after(random.between(0, 3), () => {
      if (life === this.#life) network.broadcast(this.index, { kind: "gossip", data: [data] });
    });
  }

  #checkStart(vm: Vm): void {
    const { marker, accepted } = this.database.record;
    const { height } = vm.lastAccepted;
    const expected = this.#fileHead === undefined ? height : headAfter(this.#fileHead, marker, vm.headMarker);
    if (height !== expected) this.#violate(`opened at height ${height} instead of ${expected}`);
    const known = marker?.instanceId.toHex() === vm.headMarker.instanceId.toHex() ? marker.height : 0n;
    if (height < known && height < this.#shownHeight && this.#world.plan.config.durability !== "normal") {
      this.#violate(`opened at height ${height}, clients saw ${this.#shownHeight}`);
    }
    this.#shownHeight = height;
    this.database.putMarker(vm.headMarker);
    const problem = proposervmProblem(accepted, vm.lastAccepted);
    if (problem !== undefined) this.#violate(problem);
  }

  #halt(error: unknown): void {
    if (!isRefusal(error, "database failed", "future timestamp")) this.#violate(`the chain stops: ${error}`);
    this.#world.journal.note(`node ${this.index} halts: ${error}`);
    this.#world.journal.count("halted chains");
    this.stop();
  }

  #end(close: (vm: Vm) => void): void {
    if (this.#life === undefined || this.#vm === undefined) return;
    this.clock.stop();
    this.#shownHeight = this.#vm.confirmed.last.height;
    this.#life.end();
    this.#life = undefined;
    this.#fileHead = this.#vm.lastAccepted.height;
    close(this.#vm);
    this.#startLater();
  }

  /** Somebody starts it again, sooner or later. */
  #startLater(): void {
    const { schedule, random } = this.#world;
    schedule.after(random.between(50, 3_000), () => this.start());
  }

  #violate(text: string): void {
    this.#world.journal.violate(`node ${this.index}: ${text}`);
  }
}

/** The file is free afterwards. */
function abandon(opening: ReturnType<typeof openVm>): void {
  try {
    opening.throw(new Error("killed"));
  } catch {
    // That one.
  }
}
