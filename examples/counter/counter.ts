import { EventEmitter, once } from "node:events";
import type { Block, ChainVm, Id, NodeContext, NodeDatabase, VmEvent } from "timestampvm/rpcchainvm";
import { idFromBytes, idToBytes, parseId, servePlugin, sha256 } from "timestampvm/rpcchainvm";

/** Each block adds one, so the count is the height. A block is a text: its parent's id, its height and its time. */
function createBlock(parentId: Id, height: bigint, timestamp: bigint): Block {
  return parseBlock(encode(`${parentId} ${height} ${timestamp}`));
}

function parseBlock(bytes: Uint8Array): Block {
  const [, parent, height, time] = /^(\w+) (\d{1,19}) (\d{1,11})$/.exec(new TextDecoder().decode(bytes)) ?? [];
  if (parent === undefined || height === undefined || time === undefined) throw new Refusal("this is no block");
  const id = idFromBytes(sha256(bytes));
  return { id, parentId: parseId(parent), height: BigInt(height), timestamp: BigInt(time), bytes };
}

const encode = (text: string) => new TextEncoder().encode(text);
class Refusal extends Error {} // what the VM refuses on purpose; every other error is a bug

/** Stores a block by its id, its id by its height, and the last id, in one batch: a crash leaves all or nothing. */
function save(database: NodeDatabase, { id, height, bytes }: Block): Promise<void> {
  const value = idToBytes(id);
  return database.batch([
    { key: value, value: bytes },
    { key: encode(`${height}`), value },
    { key: encode("last"), value },
  ]);
}

class Counter implements ChainVm {
  lastAccepted: Block;
  #preferred: Block | undefined;
  readonly #database: NodeDatabase;
  readonly #undecided = new Map<Id, Block>();
  constructor(database: NodeDatabase, lastAccepted: Block) {
    this.#database = database;
    this.lastAccepted = lastAccepted;
  }
  parseBlock = parseBlock;
  async getBlock(id: Id): Promise<Block | undefined> {
    const bytes = this.#undecided.get(id)?.bytes ?? (await this.#database.get(idToBytes(id)));
    return bytes && parseBlock(bytes);
  }
  async getBlockIdAtHeight(height: bigint): Promise<Id | undefined> {
    const id = await this.#database.get(encode(`${height}`));
    return id && idFromBytes(id);
  }

  async verifyBlock(bytes: Uint8Array): Promise<Block> {
    const block = parseBlock(bytes);
    const parent = await this.getBlock(block.parentId);
    const isChild = parent?.height === block.height - 1n && parent.timestamp <= block.timestamp;
    if (!isChild) throw new Refusal("the block does not follow its parent");
    this.#undecided.set(block.id, block);
    return block;
  }
  async acceptBlock(id: Id): Promise<void> {
    const block = this.#undecided.get(id) ?? this.lastAccepted;
    await save(this.#database, block);
    this.#undecided.delete(id);
    this.lastAccepted = block;
  }
  rejectBlock = (id: Id) => void this.#undecided.delete(id);

  #wishes = 0; // how often clients asked to count
  readonly #clients = new EventEmitter();
  async waitForEvent(signal: AbortSignal): Promise<VmEvent> {
    if (this.#wishes === 0) await once(this.#clients, "wish", { signal });
    return "build block";
  }
  async setPreference(id: Id): Promise<void> {
    this.#preferred = await this.getBlock(id);
  }
  buildBlock(): Block {
    if (this.#wishes === 0) throw new Refusal("nothing to build");
    this.#wishes--;
    const { id, height, timestamp } = this.#preferred ?? this.lastAccepted;
    const now = BigInt(Math.floor(Date.now() / 1000));
    return createBlock(id, height + 1n, now > timestamp ? now : timestamp);
  }

  http = { paths: ["/count"], fetch: ({ method }: Request) => this.#answer(method) };
  #answer(method: string): Response {
    if (method === "POST") {
      this.#wishes++;
      this.#clients.emit("wish");
    }
    return new Response(`${this.lastAccepted.height}\n`);
  }
}

async function open({ database, genesisBytes }: NodeContext): Promise<ChainVm> {
  const lastId = await database.get(encode("last"));
  const stored = lastId && (await database.get(lastId));
  const last = stored ? parseBlock(stored) : createBlock(idFromBytes(sha256(genesisBytes)), 0n, 0n);
  if (stored === undefined) await save(database, last);
  return new Counter(database, last);
}
const statusOf = (error: unknown) => (error instanceof Refusal ? 9 : undefined); // FAILED_PRECONDITION
await servePlugin({ name: "counter", version: "1.0.0", open, statusOf });
