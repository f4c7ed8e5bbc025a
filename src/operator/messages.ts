import { isNodeId, type NodeId } from "../avalanche/node-id.ts";
import type { Digest } from "../core/digest.ts";
import { parseDigest } from "../core/digest-text.ts";
import { parseExactJson } from "../core/exact-json.ts";

// The messages on the operator's socket, by HTTP/1.1. The body of a request is one JSON object. The answer is lines of
// JSON, and the last line is the result or an error. An answer without that line was cut off.

/** What an operator asks for. */
export type Asked =
  | { readonly do: "list" }
  | { readonly do: "clear peers" }
  /** Clears a proposal of this node's clients only with `evenPromised`. */
  | { readonly do: "clear"; readonly id: Digest; readonly evenPromised: boolean }
  /** `file` is the absolute path of a file that does not exist yet. */
  | { readonly do: "back up"; readonly file: string };

/** A line of an answer before the last. */
export type AnswerLine =
  | { readonly mempool: { readonly items: bigint; readonly bytes: bigint } }
  | { readonly proposal: WaitingProposal }
  | { readonly progress: { readonly blocks: bigint; readonly total: bigint } };

/** The last line of an answer, without an error. */
export type Done =
  | { readonly listed: bigint }
  | { readonly cleared: bigint }
  /** It was not cleared, since a client of this node was promised a block for it. */
  | { readonly promised: WaitingProposal }
  | { readonly backup: { readonly blocks: bigint; readonly proposals: bigint; readonly lastAccepted: string } };

/** The last line of an answer, with an error. */
export interface Failed {
  readonly error: string;
}

/** A waiting proposal without its data. */
export interface WaitingProposal {
  /** The digest of its data, which is also the id of its receipt. */
  readonly id: Digest;
  /** Bytes of its data. */
  readonly bytes: bigint;
  /** Unix seconds. */
  readonly since: bigint;
  /** The node that sent it; undefined if a client of this node proposed it. */
  readonly peer?: NodeId | undefined;
  /** The client's name at the node, mostly its address. Undefined if no client has proposed it since the start. */
  readonly client?: string | undefined;
}

/** Reads the body of a request; undefined if it is malformed. */
export function readAsked(text: string): Asked | undefined {
  const asked = parseObject(text);
  const id = parseDigest(`${asked.id}`);
  if (asked.do === "list" || asked.do === "clear peers") return { do: asked.do };
  if (asked.do === "clear" && id !== undefined) return { do: "clear", id, evenPromised: asked.evenPromised === true };
  if (asked.do === "back up" && typeof asked.file === "string") return { do: "back up", file: asked.file };
  return undefined;
}

/** Reads a line of an answer; undefined if it is malformed. */
export function readAnswer(text: string): AnswerLine | Done | Failed | undefined {
  const { listed, cleared, promised, proposal, error, ...line } = parseObject(text);
  if (typeof error === "string") return { error };
  if (typeof listed === "bigint") return { listed };
  if (typeof cleared === "bigint") return { cleared };
  if (isProposal(promised)) return { promised };
  if (isProposal(proposal)) return { proposal };
  const [mempool, progress, backup] = [objectOf(line.mempool), objectOf(line.progress), objectOf(line.backup)];
  if (typeof mempool.items === "bigint" && typeof mempool.bytes === "bigint") {
    return { mempool: { items: mempool.items, bytes: mempool.bytes } };
  }
  if (typeof progress.blocks === "bigint" && typeof progress.total === "bigint") {
    return { progress: { blocks: progress.blocks, total: progress.total } };
  }
  const { blocks, proposals, lastAccepted } = backup;
  if (typeof blocks !== "bigint" || typeof proposals !== "bigint" || typeof lastAccepted !== "string") return undefined;
  return { backup: { blocks, proposals, lastAccepted } };
}

function isProposal(value: unknown): value is WaitingProposal {
  const { id, bytes, since, peer, client } = objectOf(value);
  return (
    parseDigest(`${id}`) === id &&
    typeof bytes === "bigint" &&
    typeof since === "bigint" &&
    (peer === undefined || isNodeId(peer)) &&
    (client === undefined || typeof client === "string")
  );
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(parseExactJson(text));
  } catch {
    return {};
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
