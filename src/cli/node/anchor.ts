import { CodedError, messageOf } from "../../avalanche/coded-error.ts";
import type { ResultOf } from "../../client/contract.ts";
import { RpcError } from "../../client/rpc-error.ts";
import type { Block } from "../../core/block.ts";
import { CommandFailed, wrongUse } from "../command-failed.ts";
import { ProofProblem } from "../proof-problem.ts";
import { type Ask, type Connection, orMissing } from "./connection.ts";

/** What a node says of the last block of a proof: its word, and nothing else, is that the block is in its chain. */
export interface NodeWord {
  /** For people. */
  readonly url: string;
  readonly nodeId: string | undefined;
  readonly chain: string;
  readonly network: bigint | undefined;
  /** What this server is, if it is not a node. */
  readonly notice: string | undefined;
  readonly answer: Answer;
}

type FirstSight = ResultOf<"getBlockByHeight">["block"]["firstSight"];

type Answer =
  | { readonly has: "this block"; readonly seen: FirstSight }
  | { readonly has: "another block"; readonly id: string }
  /** `problem` is a whole sentence. */
  | { readonly has: "no answer yet"; readonly problem: string };

/**
 * Asks a node for the block at the height of `to`. Throws a `ProofProblem`, "cannot tell yet", if it gives no
 * answer that can be believed: that says nothing about the proof.
 */
export async function askForBlock(to: Block, { url, ask }: Pick<Connection, "url" | "ask">): Promise<NodeWord> {
  return orCannotTell(async () => {
    const status = await ask("getStatus", {});
    const { nodeId, chainId: chain, networkId: network, notice } = status;
    return { url: url(), nodeId, chain, network, notice, answer: await compare(to, status, ask) };
  });
}

/** Asks a node. Rejects with a `ProofProblem`, "cannot tell yet", if it gives no answer that can be believed. */
export async function orCannotTell<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isFailure(error)) throw error;
    throw new ProofProblem("cannot tell yet", `whether the proof holds cannot be told yet: ${messageOf(error)}`);
  }
}

async function compare(to: Block, { state, lastAccepted }: ResultOf<"getStatus">, ask: Ask): Promise<Answer> {
  const found = (await orMissing(ask("getBlockByHeight", { height: to.height })))?.block;
  if (found === undefined) {
    const { height } = lastAccepted;
    const problem = `The node is at height ${height}, and the proof ends at ${to.height}. Ask again later.`;
    return { has: "no answer yet", problem };
  }
  if (found.id !== to.id) {
    if (state === "normal operation") return { has: "another block", id: found.id };
    return { has: "no answer yet", problem: `The node is ${state}, and not at work yet. Ask again later.` };
  }
  const isSame =
    found.parentId === to.parentId && found.timestamp === to.timestamp && found.data === `0x${to.data.toHex()}`;
  if (!isSame) return { has: "no answer yet", problem: "The node keeps other content of the block. Ask another node." };
  return { has: "this block", seen: found.firstSight };
}

function isFailure(error: unknown): boolean {
  if (error instanceof CommandFailed) return error.exitCode !== wrongUse && !(error instanceof ProofProblem);
  return error instanceof RpcError || error instanceof CodedError;
}
