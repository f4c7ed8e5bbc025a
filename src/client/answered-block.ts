import { messageOf } from "../avalanche/coded-error.ts";
import { parseId } from "../avalanche/id.ts";
import { type Block, encodeBlock, parseBlock } from "../core/block.ts";
import { isJsonObject } from "../core/exact-json.ts";
import { parseHex } from "../core/hex.ts";
import { AnswerError, expectTrue } from "./answer-error.ts";

import type { CallApi } from "./client.ts";
import type { ResultOf } from "./contract.ts";
import { RpcError } from "./rpc-error.ts";

/** A block as the API gives it. */
export type ApiBlock = ResultOf<"getBlockByHeight">["block"];

/** The same in any answer. */
export type AnsweredBlock = Omit<ApiBlock, "status">;

/**
 * Rejects with an `AnswerError` unless a block's id is the SHA-256 of what the block says. Somebody may have encoded it
 * otherwise than we do: then `call` asks the same server for its bytes. If these are lost, the server must say so: such
 * a block is `reencoded`, and nobody has seen it at its time.
 */
export async function expectOwnId(block: AnsweredBlock, call: CallApi): Promise<void> {
  const said = sayingOf(block);
  if (said.id === block.id) return;
  const stored = await readStored(block.id, call);
  if (stored === undefined) return expectReencoded(block);
  const isSame = stored.id === block.id && encodeBlock(stored).toHex() === said.bytes.toHex();
  expectTrue(isSame, `block ${block.id} does not say that`);
}

function expectReencoded({ id, reencoded, claim }: AnsweredBlock): void {
  const isSaid = reencoded === true && claim === "unconfirmed";
  expectTrue(isSaid, `block ${id} says something else than its id is of, and not that its bytes are lost`);
}

/** The bytes that a block carries. Throws an `AnswerError` if the server gave none. */
export function dataOf({ id, data }: Pick<AnsweredBlock, "id" | "data">): Uint8Array {
  return parseHex(data) ?? refuse(`block ${id}: its data is not hex`);
}

/** What a block says, in our encoding, with the id of that. */
function sayingOf({ id, parentId, height, timestamp, data }: AnsweredBlock): Block {
  const bytes = dataOf({ id, data });
  try {
    return parseBlock(encodeBlock({ parentId: parseId(parentId), height, timestamp, data: bytes }));
  } catch (error) {
    return refuse(`block ${id} is none: ${messageOf(error)}`);
  }
}

/**
 * A block by the bytes that its proof has. Undefined if the server says that it has no proof: timestampvm-rs kept other
 * bytes of some blocks than those that their ids are of.
 */
async function readStored(id: string, call: CallApi): Promise<Block | undefined> {
  try {
    const { proof } = await call("getProof", { id, to: id });
    return parseBlock(parseHex(proof.blocks[0] ?? "") ?? new Uint8Array());
  } catch (error) {
    if (error instanceof RpcError && isNoProof(error.data)) return undefined;
    return refuse(
      `block ${id} says something else than its id is of, and its bytes were not given: ${messageOf(error)}`,
    );
  }
}

function isNoProof(data: unknown): boolean {
  return isJsonObject(data) && data.code === "no proof";
}

function refuse(problem: string): never {
  throw new AnswerError(problem);
}
