import { type Awaitable, andThen } from "../avalanche/awaitable.ts";
import { rpcCodes } from "../client/rpc-error.ts";
import { hasMoreValues, parseVerbatimJson } from "../core/exact-json.ts";
import type { Caller } from "../vm/caller.ts";
import { answerBatch } from "./batch.ts";
import { answerOne, failure, type Methods, textIfWanted } from "./request.ts";

/** Requests in one batch at most. */
export const maxBatchRequests = 100;
/** Values in one request or batch at most, counted by commas, colons and brackets, so that it is parsed in a few ms. */
export const maxValues = 10_000;

/**
 * Answers a JSON-RPC 2.0 request or batch (https://www.jsonrpc.org/specification). Gives undefined if all were
 * notifications, which have no answers. Ids of up to `maxIdLength` characters come back as they were written.
 */
export function answerJsonRpc(methods: Methods, text: string, caller: Caller): Awaitable<string | undefined> {
  if (hasMoreValues(text, maxValues)) {
    return JSON.stringify(failure(null, rpcCodes.invalidRequest, `Invalid Request: more than ${maxValues} values`));
  }
  let message: unknown;
  try {
    message = parseVerbatimJson(text);
  } catch {
    return JSON.stringify(failure(null, rpcCodes.parseError, "Parse error"));
  }
  if (!Array.isArray(message)) {
    return andThen(answerOne(methods, message, caller), textIfWanted);
  }
  if (message.length === 0)
    return JSON.stringify(failure(null, rpcCodes.invalidRequest, "Invalid Request: empty batch"));
  if (message.length > maxBatchRequests) {
    const problem = `Invalid Request: a batch has at most ${maxBatchRequests} requests`;
    return JSON.stringify(failure(null, rpcCodes.invalidRequest, problem));
  }
  return answerBatch(methods, message, caller);
}
