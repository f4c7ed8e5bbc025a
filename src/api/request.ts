import { type Awaitable, andThen } from "../avalanche/awaitable.ts";
import { type ApiRefusal, rpcCodeOf } from "../client/errors.ts";
import { rpcCodes } from "../client/rpc-error.ts";
import { formatExactJson } from "../core/exact-json.ts";
import type { Caller } from "../vm/caller.ts";
import { LimitError } from "../vm/limit-error.ts";
import { toApiRefusal } from "./refusals.ts";

// One request of JSON-RPC 2.0, alone or in a batch, and its answer.

/** A method's parameters as they came; undefined if there are none (JSON-RPC 2.0, 4.2). */
export type Params = readonly unknown[] | Readonly<Record<string, unknown>> | undefined;

/** A method gives its result, or a promise of it. */
export type Method = (params: Params, caller: Caller) => unknown;
/** The methods of an API, by all their names. */
export type Methods = ReadonlyMap<string, Method>;

/** Characters of an id, which is kept while its request waits. */
export const maxIdLength = 256;

type Answer =
  | { readonly jsonrpc: "2.0"; readonly result: unknown; readonly id: unknown }
  | {
      readonly jsonrpc: "2.0";
      readonly error: { readonly code: number; readonly message: string; readonly data?: ApiRefusal };
      readonly id: unknown;
    };

/** A notification is carried out, and counts, like a call. Only its answer is not sent. */
export interface Answered {
  readonly text: string;
  readonly isWanted: boolean;
}

/** Carries out one request, of any form, and gives the text of its answer. Throws only bugs. */
export function answerOne(methods: Methods, request: unknown, caller: Caller): Awaitable<Answered> {
  const answer = isRequest(request)
    ? call(methods, request, caller)
    : failure(idOf(request) ?? null, rpcCodes.invalidRequest, "Invalid Request");
  const isWanted = !isNotification(request);
  const format = (answer: Answer) => ({ text: formatExactJson(answer), isWanted });
  return andThen(answer, format);
}

/** The text to send; undefined for a notification. */
export function textIfWanted({ text, isWanted }: Answered): string | undefined {
  return isWanted ? text : undefined;
}

/** Whether this is a notification: it has no id, and wants no answer. */
export function isNotification(request: unknown): boolean {
  return isRequest(request) && idOf(request) === undefined;
}

function call(methods: Methods, request: JsonRpcRequest, caller: Caller): Awaitable<Answer> {
  const { method: name, params } = request;
  const id = idOf(request);
  const method = methods.get(name);
  if (method === undefined) return failure(id, rpcCodes.methodNotFound, "Method not found");
  const succeed = (result: unknown): Answer => ({ jsonrpc: "2.0", result, id });
  const fail = (error: unknown) => toFailure(error, request, caller);
  try {
    const result = method(params ?? undefined, caller);
    return result instanceof Promise ? result.then(succeed, fail) : succeed(result);
  } catch (error) {
    return fail(error);
  }
}

/** Throws only bugs. Errors that timestampvm-rs has too keep its words and numbers. */
function toFailure(error: unknown, request: JsonRpcRequest, caller: Caller): Answer {
  if (!(error instanceof Error)) throw error;
  const id = idOf(request);
  const refusal = toApiRefusal(error);
  if (refusal !== undefined) return failure(id, rpcCodeOf(refusal.code, request.method), error.message, refusal);
  if (caller.signal.aborted && error === caller.signal.reason)
    return failure(id, rpcCodes.internalError, error.message);
  throw error;
}

/** The text of the answer to a request for which there is no room. */
export function refuse(id: unknown, code: "answers too large" | "too many answers"): string {
  const { message } = new LimitError({ code });
  return formatExactJson(failure(id, rpcCodes.internalError, message, { code }));
}

interface JsonRpcRequest {
  readonly method: string;
  readonly params?: Params | null;
}

function isRequest(value: unknown): value is JsonRpcRequest {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { jsonrpc, method, params, id } = value as Record<string, unknown>;
  return (
    jsonrpc === "2.0" &&
    typeof method === "string" &&
    (params === undefined || (typeof params === "object" && !JSON.isRawJSON(params))) &&
    (id === undefined || isId(id))
  );
}

/** The id of a request; null if it is malformed, undefined if there is none. */
export function idOf(request: unknown): unknown {
  if (typeof request !== "object" || request === null || !Object.hasOwn(request, "id")) return undefined;
  const { id } = request as { id: unknown };
  return isId(id) ? id : null;
}

/** `parseVerbatimJson` gives numbers whose text must be kept as raw JSON. */
function isId(id: unknown): boolean {
  if (typeof id === "string") return id.length <= maxIdLength;
  return id === null || typeof id === "number" || (JSON.isRawJSON(id) && JSON.stringify(id).length <= maxIdLength);
}

/** An answer with an error; `code` is its JSON-RPC number. */
export function failure(id: unknown, code: number, message: string, data?: ApiRefusal): Answer {
  return { jsonrpc: "2.0", error: { code, message, ...(data && { data }) }, id };
}
