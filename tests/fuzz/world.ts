import { idToBytes } from "../../src/avalanche/id.ts";
import { type Block, parseBlock } from "../../src/core/block.ts";
import { encodeGossip } from "../../src/plugin/gossip.ts";
import { bytesOf, childOf, genesis } from "../support/chain.ts";
import { bytesOfText, someBlock, textOfBytes } from "./block-texts.ts";
import { recordedBlocks } from "./corpus.ts";
import { mutate } from "./mutate.ts";
import type { Filling } from "./protobuf.ts";
import type { Random } from "./random.ts";

/** What somebody who means no good knows of a chain, and can say about it. */
export class World implements Filling {
  readonly #random: Random;
  readonly #writer: string;
  /** Every block that was sent or made, the genesis first; none is forgotten. */
  readonly #blocks: Block[] = [genesis];
  /** Those that the plugin verified or accepted at some time. */
  readonly #verified: Block[] = [genesis];
  /** Whether serde takes a block of these bytes, where it is known. */
  readonly #isBlockByText = new Map<string, boolean>();

  /** `writer` is where an answer to http.HTTP/Handle may be written. */
  constructor(random: Random, writer: string) {
    this.#random = random;
    this.#writer = writer;
  }

  /** Undefined for bytes that nobody has a verdict on. */
  isBlock(bytes: Uint8Array): boolean | undefined {
    return this.#isBlockByText.get(textOfBytes(bytes));
  }

  /** Takes note of a block: serde takes it, or not. Gives its bytes. */
  learn(bytes: Uint8Array, isBlock: boolean): Uint8Array {
    const text = textOfBytes(bytes);
    if (this.#isBlockByText.has(text)) return bytes;
    this.#isBlockByText.set(text, isBlock);
    if (!isBlock) return bytes;
    this.#blocks.push(parseBlock(bytes));
    return bytes;
  }

  /** Takes note that the plugin verified a block. */
  verified(bytes: Uint8Array): void {
    this.#verified.push(parseBlock(bytes));
  }

  bytes(field: string): Uint8Array {
    switch (field) {
      case "bytes":
      case "request":
        return this.#random.oneIn(12) ? this.#junk() : this.#block();
      case "id":
      case "blk_id":
        return this.#id();
      case "node_id":
        return this.#random.oneIn(20) ? this.#junk() : new Uint8Array(20).fill(this.#random.below(5));
      case "msg":
        return this.#gossip();
      case "body":
        return this.#jsonRpc();
      case "genesis_bytes":
        return mutate(this.#random, bytesOf('{"data":"x"}'));
      case "config_bytes":
        return mutate(this.#random, bytesOf('{"logLevel":"info","maxMempoolItems":5}'));
      default:
        return this.#junk();
    }
  }

  text(field: string): string {
    switch (field) {
      case "method":
        return this.#random.pick(["POST", "POST", "GET", "HEAD", "CONNECT", "TRACE", "post", "", "\0", "É", "POST /"]);
      case "url":
      case "request_uri":
        return this.#random.pick([
          "/ext/bc/x/rpc",
          "/rpc",
          "/rpc?a=b",
          "",
          "//",
          "/ext/bc/x/../rpc",
          "http://[",
          "/%",
          "/\0",
        ]);
      case "key":
        return this.#random.pick([
          "Content-Type",
          "content-type",
          "Content-Length",
          "",
          "\0",
          "Hé",
          "a b",
          "X",
          "Upgrade",
        ]);
      case "values":
        return this.#random.pick([
          "application/json",
          "application/json",
          "text/plain",
          "-1",
          "",
          "\r\nX: y",
          "é",
          "\0",
        ]);
      case "server_addr":
        return this.#random.pick([this.#writer, this.#writer, "127.0.0.1:1", ""]);
      case "db_server_addr":
        return this.#random.pick(["127.0.0.1:1", "", "127.0.0.1:", "127.0.0.1", ":", "\0"]);
      case "chain_data_dir":
        return "";
      default:
        return this.#random.pick(["", "avalanchego/1.14.2", "é\ud83d\ude00", "\0", "x".repeat(5_000), "%s%n"]);
    }
  }

  number(): bigint {
    return this.#random.u64();
  }

  #junk(): Uint8Array {
    if (this.#random.oneIn(300)) return new Uint8Array(2 * 1024 * 1024).fill(this.#random.below(256));
    return this.#random.bytes(this.#random.pick([0, 1, 20, 32, 100, 5_000]));
  }

  #id(): Uint8Array {
    const known = () => idToBytes(this.#random.pick(this.#blocks).id);
    const verified = () => idToBytes(this.#newest(this.#verified).id);
    const any = () => this.#random.bytes(this.#random.pick([32, 32, 0, 31, 33, this.#random.below(100)]));
    return this.#random.pick([known, verified, verified, any])();
  }

  /** Often one that may be verified; sometimes one that nobody can read. */
  #block(): Uint8Array {
    const random = this.#random;
    const parent = this.#newest(this.#verified);
    return random.pick([
      () =>
        this.learn(
          childOf(parent, random.bytes(random.below(50)), parent.timestamp + BigInt(random.below(3))).bytes,
          true,
        ),
      () => this.learn(random.pick(this.#blocks).bytes, true),
      () => {
        const known = { parentId: parent.id, height: parent.height + 1n, timestamp: parent.timestamp };
        const { text, fields } = someBlock(random, random.oneIn(2) ? known : { ...known, timestamp: random.u64() });
        return this.learn(bytesOfText(text), fields !== undefined);
      },
      () => {
        const { bytes, canonical } = random.pick(recordedBlocks);
        return this.learn(bytes, canonical !== "");
      },
      () => mutate(random, parent.bytes, random.pick(this.#blocks).bytes),
    ])();
  }

  #newest(blocks: readonly Block[]): Block {
    return blocks[blocks.length - 1 - this.#random.below(Math.min(8, blocks.length))] ?? genesis;
  }

  #gossip(): Uint8Array {
    const random = this.#random;
    const items = () => random.many(random.below(4), () => random.bytes(random.below(random.oneIn(10) ? 100_000 : 50)));
    return random.pick([
      () => encodeGossip(items()),
      () => mutate(random, encodeGossip(items())),
      () => encodeGossip([new Uint8Array(random.pick([1_000_000, 1_000_001]))]),
      () => Uint8Array.of(8, 1, ...new Uint8Array(1_000).map((_, i) => (i % 2 === 0 ? 0x12 : 0))),
      () => this.#junk(),
    ])();
  }

  #jsonRpc(): Uint8Array {
    const random = this.#random;
    const method = random.pick([
      "ping",
      "proposeBlock",
      "lastAccepted",
      "getBlock",
      "timestampvm.ping",
      "__proto__",
      "",
    ]);
    const id = random.pick(this.#blocks).id;
    const params = random.pick([[], {}, null, [{ id }], { id }, [{ data: "AA==" }], [{ data: "0x00" }], [1], "x"]);
    const request = { jsonrpc: "2.0", id: random.pick([1, "a", null, 1e300, {}]), method, params };
    const body = bytesOf(JSON.stringify(random.oneIn(4) ? random.many(random.below(110), () => request) : request));
    return random.oneIn(2) ? body : mutate(random, body);
  }
}
