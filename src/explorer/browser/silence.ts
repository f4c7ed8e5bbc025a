import type { CallApi } from "../../client/client.ts";
import { NoAnswerError } from "../../client/no-answer.ts";
import { RpcError } from "../../client/rpc-error.ts";
import { isJsonObject } from "../../core/exact-json.ts";

// How the page knows that its node does not answer.

/** Milliseconds after which a call counts as not answered. A host that is cut off never refuses one. */
const maxSilenceMs = 60_000;

/** Whether the node ends, is down or starts, as it says itself or its proxy says for it. */
export function isSilence(error: unknown): boolean {
  if (error instanceof RpcError) return isJsonObject(error.data) && error.data.code === "shut down";
  if (!(error instanceof NoAnswerError)) return false;
  const { refusal } = error;
  if (refusal.code === "http status") return refusal.status === notServedYet || refusal.status >= 500;
  return refusal.code === "unreachable";
}

/** What a node answers that has not started the chain yet. */
const notServedYet = 404;

/** The same calls, which reject with a `NoAnswerError` when the node says nothing for too long. */
export function withDeadline(call: CallApi, maxMs: number = maxSilenceMs): CallApi {
  return async (method, params, signal) => {
    const ended = new AbortController();
    const end = () => ended.abort(signal?.reason);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    const timer = setTimeout(() => ended.abort(saidNothing(maxMs)), maxMs);
    try {
      return await call(method, params, ended.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    }
  };
}

function saidNothing(ms: number): NoAnswerError {
  return new NoAnswerError({ code: "unreachable", cause: "" }, `nothing came for ${ms / 1_000} s`);
}
