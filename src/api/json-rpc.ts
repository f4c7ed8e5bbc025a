import { type ApiRefusal, rpcCodeOf } from "../client/errors.ts";
import { rpcCodes } from "../client/rpc-error.ts";
import { formatExactJson, hasMoreValues, parseVerbatimJson } from "../core/exact-json.ts";
import type { Caller } from "../vm/caller.ts";
import { LimitError } from "../vm/limit-error.ts";
import { toApiRefusal } from "./refusals.ts";

/** A method's parameters as they came, if they did (JSON-RPC 2.0, 4.2). */
export type Params = readonly unknown[] | Readonly<Record<string, unknown>> | undefined;

/** A method gives its result, or a promise of it. */
export type Method = (params: Params, caller: Caller) => unknown;
export type Methods = ReadonlyMap<string, Method>;

export type Awaitable<T> = T | Promise<T>;

/** Requests in one batch at most. */
export const maxBatchRequests = 100;
/** Characters of the answers to a batch, after which nothing more is begun or read for it. */
export const maxBatchAnswerLength = 4 * 1024 * 1024;
/** Characters of an answer for which a batch holds room before it begins: that of each call that changes anything. */
export const smallAnswerLength = 1_024;
/** Characters of an id: it is kept as long as its request waits. */
export const maxIdLength = 256;
/** Values in one request or batch at most, by the commas, colons and brackets in it: what is parsed takes a few ms then. */
export const maxValues = 10_000;

/**
 * Answers a JSON-RPC 2.0 request or batch (https://www.jsonrpc.org/specification). Gives undefined when there is nothing
 * to answer: all were notifications. Ids of up to `maxIdLength` characters are echoed as they were written, large
 * numbers included.
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
    const answered = answerOne(methods, message, caller);
    return answered instanceof Promise ? answered.then(textIfWanted) : textIfWanted(answered);
  }
  if (message.length === 0)
    return JSON.stringify(failure(null, rpcCodes.invalidRequest, "Invalid Request: empty batch"));
  if (message.length > maxBatchRequests) {
    const problem = `Invalid Request: a batch has at most ${maxBatchRequests} requests`;
    return JSON.stringify(failure(null, rpcCodes.invalidRequest, problem));
  }
  return answerBatch(methods, message, caller);
}

type Answer =
  | { readonly jsonrpc: "2.0"; readonly result: unknown; readonly id: unknown }
  | {
      readonly jsonrpc: "2.0";
      readonly error: { readonly code: number; readonly message: string; readonly data?: ApiRefusal };
      readonly id: unknown;
    };

/**
 * Begins the requests in their order, and does not wait for one before the next; other callers come between. When their
 * answers are too large, those to notifications among them, or there is no room for them beside those of others, no more are
 * begun, and reads that are not done yet are given up; what was proposed by then is answered all the same.
 */
async function answerBatch(methods: Methods, requests: unknown[], whole: Caller): Promise<string | undefined> {
  if (!whole.holdAnswer(requests.length * smallAnswerLength)) return refuse(null, "too many answers");
  const full = new AbortController();
  const caller = whole.until(AbortSignal.any([whole.signal, full.signal]));
  const answers: Awaitable<string | undefined>[] = [];
  let length = 0;
  const count = ({ text, isWanted }: Answered, id: unknown) => {
    length += text.length;
    const isRoom = text.length <= smallAnswerLength || whole.holdAnswer(text.length);
    if (length >= maxBatchAnswerLength || !isRoom) full.abort(new LimitError({ code: "answers too large" }));
    return textIfWanted(isRoom ? { text, isWanted } : { text: refuse(id, "answers too large"), isWanted });
  };
  const begin = (request: unknown) => {
    const id = idOf(request) ?? null;
    if (full.signal.aborted)
      return textIfWanted({ text: refuse(id, "answers too large"), isWanted: !isNotification(request) });
    const answer = answerOne(methods, request, caller);
    return answer instanceof Promise ? answer.then((answered) => count(answered, id)) : count(answer, id);
  };
  for (const i of requests.keys()) {
    const othersTurn = whole.pause();
    if (othersTurn !== undefined) await othersTurn;
    answers.push(begin(requests[i]));
    requests[i] = undefined; // some wait long, and need not keep what the others brought
  }
  return joinAnswers(await Promise.all(answers));
}

function joinAnswers(answers: readonly (string | undefined)[]): string | undefined {
  const given = answers.filter((answer) => answer !== undefined);
  return given.length === 0 ? undefined : `[${given.join(",")}]`;
}

/** A notification is carried out, and costs, as a call does; only its answer is not sent. */
interface Answered {
  readonly text: string;
  readonly isWanted: boolean;
}

function answerOne(methods: Methods, request: unknown, caller: Caller): Awaitable<Answered> {
  const answer = isRequest(request)
    ? call(methods, request, caller)
    : failure(idOf(request) ?? null, rpcCodes.invalidRequest, "Invalid Request");
  const isWanted = !isNotification(request);
  const format = (answer: Answer) => ({ text: formatExactJson(answer), isWanted });
  return answer instanceof Promise ? answer.then(format) : format(answer);
}

function textIfWanted({ text, isWanted }: Answered): string | undefined {
  return isWanted ? text : undefined;
}

function isNotification(request: unknown): boolean {
  return isRequest(request) && idOf(request) === undefined;
}

function call(methods: Methods, request: JsonRpcRequest, caller: Caller): Awaitable<Answer> {
  const { method: name, params } = request;
  const id = idOf(request);
  const method = methods.get(name);
  if (method === undefined) return failure(id, rpcCodes.methodNotFound, "Method not found");
  const succeed = (result: unknown): Answer => ({ jsonrpc: "2.0", result, id });
  const fail = (error: unknown) => toFailure(error, id, caller);
  try {
    const result = method(params ?? undefined, caller);
    return result instanceof Promise ? result.then(succeed, fail) : succeed(result);
  } catch (error) {
    return fail(error);
  }
}

/** Throws what is a bug. The words and the number are those of timestampvm-rs, where that has the same error. */
function toFailure(error: unknown, id: unknown, caller: Caller): Answer {
  if (!(error instanceof Error)) throw error;
  const refusal = toApiRefusal(error);
  if (refusal !== undefined) return failure(id, rpcCodeOf(refusal.code), error.message, refusal);
  if (caller.signal.aborted && error === caller.signal.reason)
    return failure(id, rpcCodes.internalError, error.message);
  throw error;
}

function refuse(id: unknown, code: "answers too large" | "too many answers"): string {
  const { message } = new LimitError({ code });
  return formatExactJson(failure(id, rpcCodeOf(code), message, { code }));
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
    (params === undefined || typeof params === "object") &&
    (id === undefined || isId(id))
  );
}

function idOf(request: unknown): unknown {
  if (typeof request !== "object" || request === null || !Object.hasOwn(request, "id")) return undefined;
  const { id } = request as { id: unknown };
  return isId(id) ? id : null;
}

/** Numbers whose text must be kept come from `parseVerbatimJson` as raw JSON. */
function isId(id: unknown): boolean {
  if (typeof id === "string") return id.length <= maxIdLength;
  return id === null || typeof id === "number" || (JSON.isRawJSON(id) && JSON.stringify(id).length <= maxIdLength);
}

function failure(id: unknown, code: number, message: string, data?: ApiRefusal): Answer {
  return { jsonrpc: "2.0", error: { code, message, ...(data && { data }) }, id };
}
