import { textOf } from "../avalanche/coded-error.ts";
import type { CallApi } from "../client/client.ts";
import { fetchServedChain } from "../client/confirmed-block.ts";
import type { Log } from "../log.ts";
import { type Answer, plainText } from "./answer.ts";
import { readCommitment } from "./commitment.ts";
import { Unavailable } from "./errors.ts";

/** Questions to the node for clients who ask about earlier digests, at a time. */
const maxLookUps = 64;
/** Milliseconds for each. */
const lookUpMs = 3_000;
/** Bytes of hex in a question. */
const maxCommitmentDigits = 2 * 64;
/** Seconds for which others may keep an answer that can change. */
const brief = { "Cache-Control": "public, max-age=60" };

/** Asks the node for clients. */
export class LookUps {
  readonly #call: CallApi;
  readonly #log: Log;
  #count = 0;
  #serving: Promise<boolean> | undefined;

  constructor(call: CallApi, log: Log) {
    this.#call = call;
    this.#log = log;
  }

  /** What is known of an earlier digest, by the hex in its proof. There is no more to say until Bitcoin has it. */
  async find(hex: string): Promise<Answer> {
    if (!/^([\da-f]{2})+$/i.test(hex) || hex.length > maxCommitmentDigits)
      return plainText(400, "What is asked about is not in hex");
    const digest = readCommitment(Uint8Array.fromHex(hex));
    if (digest === undefined) return plainText(404, "Not found", brief);
    const { status, block } = await this.#ask((call) => call("getReceipt", { id: `0x${digest}` }));
    if (block !== undefined) return plainText(404, `In block ${block.height} of timestampvm, not in Bitcoin`, brief);
    return status === "unknown" ? plainText(404, "Not found", brief) : plainText(404, "Waits for a block");
  }

  /** Whether the node takes stamps. Those who ask at the same time share one question. */
  isServing(): Promise<boolean> {
    this.#serving ??= this.#askWhetherServing().finally(() => {
      this.#serving = undefined;
    });
    return this.#serving;
  }

  async #askWhetherServing(): Promise<boolean> {
    try {
      await fetchServedChain(this.#timely());
      return true;
    } catch (error) {
      this.#log.debug("the node is not at work", () => ({ error: textOf(error) }));
      return false;
    }
  }

  #timely(): CallApi {
    const signal = AbortSignal.timeout(lookUpMs);
    return (method, params) => this.#call(method, params, signal);
  }

  async #ask<T>(question: (call: CallApi) => Promise<T>): Promise<T> {
    if (this.#count >= maxLookUps) throw new Unavailable("too many waiting");
    this.#count++;
    try {
      return await question(this.#timely());
    } catch (error) {
      this.#log.debug("the node did not answer", () => ({ error: textOf(error) }));
      throw new Unavailable("no node");
    } finally {
      this.#count--;
    }
  }
}
