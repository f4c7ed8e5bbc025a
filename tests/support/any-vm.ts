// VMs that use what a VM may use of src/rpcchainvm: `mute` has no optional member, `plain` none but HTTP, by which it is
// asked for blocks, `everything` has all of them, and `own address` serves HTTP itself. Other names are faults of
// `everything`. A block is a text: its parent's id and its height.
import { Code, ConnectError } from "@connectrpc/connect";
import { HTTP } from "../../gen/http/http_pb.ts";
import {
  AppError,
  type AppHandler,
  type Block,
  type ChainVm,
  counter,
  type HttpHandler,
  type HttpServer,
  type Id,
  idFromBytes,
  idToBytes,
  type Metric,
  type NodeContext,
  type NodeId,
  nodeIdFromBytes,
  parseId,
  type State,
  type StateSummary,
  type StateSync,
  type StateSyncMode,
  servePlugin,
  sha256,
  type VmEvent,
  zeroId,
} from "../../src/rpcchainvm/index.ts";
import { GrpcPeer } from "../fake-node/grpc-peer.ts";

class Refusal extends Error {}

/** Has what it must have, each of it asynchronous. */
class PlainVm implements ChainVm {
  lastAccepted: Block;
  protected readonly context: NodeContext;
  readonly #undecided = new Map<Id, Block>();
  #preferred: Block;
  #event: VmEvent | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(context: NodeContext, lastAccepted: Block) {
    this.context = context;
    this.lastAccepted = lastAccepted;
    this.#preferred = lastAccepted;
  }

  async buildBlock(): Promise<Block> {
    await Bun.sleep(0);
    if (this.#event !== "build block") throw new Refusal("nothing to build");
    this.#event = undefined;
    return parseBlock(encode(`${this.#preferred.id} ${this.#preferred.height + 1n}`));
  }

  async parseBlock(bytes: Uint8Array): Promise<Block> {
    await Bun.sleep(0);
    return parseBlock(bytes);
  }

  async getBlock(id: Id): Promise<Block | undefined> {
    const bytes = this.#undecided.get(id)?.bytes ?? (await this.context.database.get(idToBytes(id)));
    return bytes && parseBlock(bytes);
  }

  async getBlockIdAtHeight(height: bigint): Promise<Id | undefined> {
    const id = await this.context.database.get(encode(`height ${height}`));
    return id && idFromBytes(id);
  }

  async verifyBlock(bytes: Uint8Array): Promise<Block> {
    const block = parseBlock(bytes);
    const parent = await this.getBlock(block.parentId);
    if (parent?.height !== block.height - 1n) throw new Refusal("the block does not follow its parent");
    this.#undecided.set(block.id, block);
    return block;
  }

  async setPreference(id: Id): Promise<void> {
    this.#preferred = (await this.getBlock(id)) ?? this.#preferred;
  }

  async acceptBlock(id: Id): Promise<void> {
    const block = this.#undecided.get(id) ?? this.lastAccepted;
    await save(this.context, block);
    this.#undecided.delete(id);
    this.lastAccepted = block;
  }

  async rejectBlock(id: Id): Promise<void> {
    await Bun.sleep(0);
    this.#undecided.delete(id);
  }

  /** As many would write it: an aborted signal is nothing special. */
  async waitForEvent(signal: AbortSignal): Promise<VmEvent> {
    while (this.#event === undefined) {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(new Error("nobody waits any more")));
      await Promise.race([promise, this.#changed.promise]);
    }
    return this.#event;
  }

  raise(event: VmEvent | undefined): void {
    this.#event = event;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Can be asked for something to build. */
class ServingVm extends PlainVm {
  get http(): HttpHandler | HttpServer {
    return { paths: ["/do"], fetch: async (request) => this.answer(new URL(request.url), await request.bytes()) };
  }

  protected async answer({ search }: URL, _body: Uint8Array): Promise<Response> {
    if (search === "?build") this.raise("build block");
    return new Response("done");
  }
}

/** All that there is beside. */
class Everything extends ServingVm {
  readonly #notes: string[] = [];
  readonly app: AppHandler = {
    appGossip: async (nodeId, message) => {
      await Bun.sleep(0);
      this.#failAt(message);
      this.#note(`gossip of ${nodeId}: ${decode(message)}`);
    },
    appRequest: async (_nodeId, request) => {
      await Bun.sleep(0);
      this.#failAt(request);
      if (decode(request) === "never") await new Promise(() => {});
      return request.toReversed();
    },
  };
  readonly stateSync: StateSync = {
    isEnabled: async () => true,
    getOngoingSyncStateSummary: async () => undefined,
    getLastStateSummary: async () => new Summary(encode("static 9")),
    parseStateSummary: async (bytes) => new Summary(bytes),
    getStateSummary: async (height) => (height === 9n ? new Summary(encode("static 9")) : undefined),
    acceptStateSummary: async (bytes) => {
      const { mode } = new Summary(bytes);
      if (mode === "static") this.raise("state sync done");
      return mode;
    },
  };

  async setState(state: State): Promise<void> {
    await Bun.sleep(0);
    if (state === "bootstrapping") this.raise(undefined);
    this.#note(state);
  }

  async shutdown(): Promise<void> {
    await Bun.sleep(0);
    this.context.log.info("shutdown called");
    await this.context.appSender.gossip(encode("farewell"));
    if (mode === "does not shut down") throw null;
    if (mode === "hangs at its end") await new Promise(() => {});
  }

  async health(): Promise<string> {
    await Bun.sleep(0);
    return mode === "has odd figures" ? 'all "is" well' : '{"healthy":true}';
  }

  override async acceptBlock(id: Id): Promise<void> {
    if (mode === "does not accept") throw Object.create(null);
    await super.acceptBlock(id);
  }

  async getAncestors(id: Id, { maxBlocks }: { readonly maxBlocks: number }): Promise<Uint8Array[]> {
    const ancestors = [];
    for (let block = await this.getBlock(id); block !== undefined; block = await this.getBlock(block.parentId)) {
      if (ancestors.push(block.bytes) >= maxBlocks) break;
    }
    return ancestors;
  }

  async connected(nodeId: NodeId, version: string): Promise<void> {
    await Bun.sleep(0);
    this.#note(`${nodeId} connected, ${version}`);
  }

  async disconnected(nodeId: NodeId): Promise<void> {
    await Bun.sleep(0);
    this.#note(`${nodeId} disconnected`);
  }

  metrics(): readonly Metric[] {
    const samples = ["a", "b"].map((kind, value) => ({ labels: { kind }, value }));
    const figures: Metric = { name: "figures", help: "Some figures", type: "gauge", samples };
    return mode === "has odd figures" ? [...oddMetrics, figures] : [figures];
  }

  #note(text: string): void {
    this.#notes.push(text);
  }

  /** Not even an `Error`, or nothing at all. */
  #failAt(message: Uint8Array): void {
    if (decode(message) === "refuse") throw new AppError(7, "no");
    if (decode(message) === "bug") throw new Error("a bug");
    if (decode(message) === "odd") throw Object.create(null);
  }

  protected override async answer(url: URL, body: Uint8Array): Promise<Response> {
    const { appSender, database } = this.context;
    switch (url.search) {
      case "?notes":
        return Response.json(this.#notes);
      case "?gossip":
        await appSender.gossip(body, { validators: 5, nonValidators: 2, peers: 1 });
        return new Response("sent");
      case "?request":
        return new Response(await appSender.request(nodeIdFromBytes(body), encode("a question")).then(decode, String));
      case "?database":
        await database.batch(["a", "b", "a"].map((key, i) => ({ key: encode(`x/${key}`), value: encode(`${i}`) })));
        await database.delete(encode("x/b"));
        return Response.json([
          await database.has(encode("x/a")),
          await database.has(encode("x/b")),
          await this.#list(),
        ]);
      case "?validators": {
        const { validators, subnetId } = this.context;
        const height = await validators?.getCurrentHeight();
        const weights = height === undefined ? undefined : await validators?.getValidatorSet(height, subnetId);
        return new Response([...(weights ?? [])].map(([nodeId, weight]) => `${nodeId} ${weight}`).join());
      }
      case "?cookies":
        return new Response("", { headers: ["a=1", "b=2"].map((cookie): [string, string] => ["Set-Cookie", cookie]) });
      default:
        return super.answer(url, body);
    }
  }

  async #list(): Promise<string[]> {
    const found = [];
    for await (const [key, value] of this.context.database.iterate({ prefix: encode("x/") }))
      found.push(`${decode(key)}=${decode(value)}`);
    return found;
  }
}

/** Serves http.HTTP by Connect's server, at an address that the library does not know. */
class OwnAddress extends Everything {
  readonly #address: string;

  constructor(context: NodeContext, lastAccepted: Block, address: string) {
    super(context, lastAccepted);
    this.#address = address;
  }

  static async open(context: NodeContext, lastAccepted: Block): Promise<OwnAddress> {
    const answer = async (url: string, body: Uint8Array) => {
      const response = await vm.answer(new URL(url, "http://vm"), body);
      return { code: response.status, body: await response.bytes() };
    };
    const peer = await GrpcPeer.listen((router) => {
      router.service(HTTP, { handleSimple: ({ url, body }) => answer(url, body) });
    });
    const vm = new OwnAddress(context, lastAccepted, peer.address);
    return vm;
  }

  override get http(): HttpServer {
    return { paths: ["/do"], address: this.#address };
  }
}

/** Of getters, as a class may have them. */
class Summary implements StateSummary {
  readonly bytes: Uint8Array;
  readonly #height: string;
  readonly mode: StateSyncMode;

  constructor(bytes: Uint8Array) {
    const [, mode, height] = /^(skipped|static|dynamic) (\d+)$/.exec(decode(bytes)) ?? [];
    if (height === undefined) throw new Refusal("this is no summary");
    this.bytes = bytes;
    this.mode = mode as StateSyncMode;
    this.#height = height;
  }

  get id(): Id {
    return idFromBytes(sha256(this.bytes));
  }

  get height(): bigint {
    return BigInt(this.#height);
  }
}

/** Of each, the node would answer nobody. */
const oddMetrics: readonly Metric[] = [
  counter("process_cpu_seconds_total", "Comes twice", 1),
  counter("a_bigint", "Is no number", BigInt(1) as unknown as number),
];

function parseBlock(bytes: Uint8Array): Block {
  const [, parent, height] = /^(\w+) (\d{1,19})$/.exec(decode(bytes)) ?? [];
  if (parent === undefined || height === undefined) throw new Refusal("this is no block");
  return {
    id: idFromBytes(sha256(bytes)),
    parentId: parseId(parent),
    height: BigInt(height),
    timestamp: mode === "counts milliseconds" ? 1_700_000_000_000n : 0n,
    bytes: bytes.slice(),
  };
}

async function save({ database }: NodeContext, { id, height, bytes }: Block): Promise<void> {
  const value = idToBytes(id);
  await database.batch([
    { key: value, value: bytes },
    { key: encode(`height ${height}`), value },
    { key: encode("last"), value },
  ]);
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

let attempts = 0;

async function open(context: NodeContext): Promise<ChainVm> {
  if (mode === "opens at the second attempt" && ++attempts === 1) throw "not yet";
  const id = await context.database.get(encode("last"));
  const bytes = id && (await context.database.get(id));
  const last = parseBlock(bytes ?? encode(`${zeroId} 0`));
  if (bytes === undefined) await save(context, last);
  if (mode === "mute") return new PlainVm(context, last);
  if (mode === "plain") return new ServingVm(context, last);
  return mode === "own address" ? OwnAddress.open(context, last) : new Everything(context, last);
}

function statusOf(error: unknown): Code | undefined {
  return error instanceof Refusal ? Code.FailedPrecondition : undefined;
}

const [, , mode = "everything", name = "any"] = process.argv;
await servePlugin({ name, version: "1.0.0", open, statusOf }).catch((error: unknown) => {
  process.stderr.write(`${ConnectError.from(error).rawMessage}\n`);
  process.exit(1);
});
