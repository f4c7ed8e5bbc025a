import { VmError } from "../core/errors.ts";
import { formatExactJson } from "../core/exact-json.ts";

/** A method's parameters as they came: undefined, or an array or object (JSON-RPC 2.0, 4.2). */
export type Params = unknown;

/** Who waits for an answer. */
export interface Caller {
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
}

/** A method gives its result, or a promise of it. */
export type Method = (params: Params, caller: Caller) => unknown;
export type Methods = ReadonlyMap<string, Method>;

export type Awaitable<T> = T | Promise<T>;

/** Requests in one batch at most. */
export const maxBatchRequests = 100;
/** Characters of the answers to a batch, after which no more requests are carried out. */
export const maxBatchAnswerLength = 8 * 1024 * 1024;

/** Thrown by a method for parameters it does not take. */
export class InvalidParams extends Error {}

/**
 * Answers a JSON-RPC 2.0 request or batch (https://www.jsonrpc.org/specification). Gives undefined when there is nothing
 * to answer: all were notifications. Ids are echoed as they were written, numbers of any size included.
 */
export function answerJsonRpc(methods: Methods, text: string, caller: Caller): Awaitable<string | undefined> {
  let message: unknown;
  try {
    message = parseExactJson(text);
  } catch {
    return JSON.stringify(failure(null, parseError, "Parse error"));
  }
  if (!Array.isArray(message)) return answerText(methods, message, caller);
  if (message.length === 0) return JSON.stringify(failure(null, invalidRequest, "Invalid Request: empty batch"));
  if (message.length > maxBatchRequests) {
    const problem = `Invalid Request: a batch has at most ${maxBatchRequests} requests`;
    return JSON.stringify(failure(null, invalidRequest, problem));
  }
  return answerBatch(methods, message, caller);
}

type Answer =
  | { readonly jsonrpc: "2.0"; readonly result: unknown; readonly id: unknown }
  | {
      readonly jsonrpc: "2.0";
      readonly error: { readonly code: number; readonly message: string };
      readonly id: unknown;
    };

function answerBatch(methods: Methods, requests: readonly unknown[], caller: Caller): Awaitable<string | undefined> {
  const answers: Awaitable<string | undefined>[] = [];
  let length = 0;
  for (const request of requests) {
    const answer = length < maxBatchAnswerLength ? answerText(methods, request, caller) : refuseRest(request);
    if (typeof answer === "string") length += answer.length;
    answers.push(answer);
  }
  if (answers.some((answer) => answer instanceof Promise)) return Promise.all(answers).then(joinAnswers);
  return joinAnswers(answers as (string | undefined)[]);
}

function joinAnswers(answers: readonly (string | undefined)[]): string | undefined {
  const given = answers.filter((answer) => answer !== undefined);
  return given.length === 0 ? undefined : `[${given.join(",")}]`;
}

/** Undefined for a notification, which is carried out all the same. */
function answerText(methods: Methods, request: unknown, caller: Caller): Awaitable<string | undefined> {
  const answer = isRequest(request)
    ? call(methods, request, caller)
    : failure(idOf(request) ?? null, invalidRequest, "Invalid Request");
  const isNotification = isRequest(request) && idOf(request) === undefined;
  const format = (answer: Answer) => (isNotification ? undefined : formatExactJson(answer));
  return answer instanceof Promise ? answer.then(format) : format(answer);
}

function call(methods: Methods, request: JsonRpcRequest, caller: Caller): Awaitable<Answer> {
  const { method: name, params } = request;
  const id = idOf(request);
  const method = methods.get(name);
  if (method === undefined) return failure(id, methodNotFound, "Method not found");
  const succeed = (result: unknown): Answer => ({ jsonrpc: "2.0", result, id });
  const fail = (error: unknown) => toFailure(error, id);
  try {
    const result = method(params ?? undefined, caller);
    return result instanceof Promise ? result.then(succeed, fail) : succeed(result);
  } catch (error) {
    return fail(error);
  }
}

/** Throws what is a bug. */
function toFailure(error: unknown, id: unknown): Answer {
  if (error instanceof InvalidParams) return failure(id, invalidParams, `Invalid params: ${error.message}`);
  if (error instanceof VmError) return failure(id, internalError, error.message); // as timestampvm-rs
  throw error;
}

function refuseRest(request: unknown): string | undefined {
  const id = idOf(request);
  if (id === undefined) return undefined;
  return JSON.stringify(failure(id, internalError, "the answers to this batch are too large"));
}

interface JsonRpcRequest {
  readonly method: string;
  readonly params?: unknown;
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

/** Numbers whose text must be kept come from `parseExactJson` as raw JSON. */
function isId(id: unknown): boolean {
  return id === null || typeof id === "string" || typeof id === "number" || JSON.isRawJSON(id);
}

function failure(id: unknown, code: number, message: string): Answer {
  return { jsonrpc: "2.0", error: { code, message }, id };
}

/** Like `JSON.parse`, but a number that would be written back otherwise stays the text it was. */
function parseExactJson(text: string): unknown {
  if (!mayHaveInexactNumber.test(text)) return JSON.parse(text); // without a reviver, several times faster
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value !== "number" || context?.source === undefined || String(value) === context.source) return value;
    return JSON.rawJSON(context.source);
  });
}

/** A member that is a number of many digits, or with a sign or a fraction. */
const mayHaveInexactNumber = /:\s*(?:-|\d{16}|\d*[.eE])/;

const parseError = -32700;
const invalidRequest = -32600;
const methodNotFound = -32601;
const invalidParams = -32602;
const internalError = -32603;
