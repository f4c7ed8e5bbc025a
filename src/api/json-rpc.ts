import { VmError } from "../core/errors.ts";

/** A method's parameters as they came: undefined, or an array or object (JSON-RPC 2.0, 4.2). */
export type Params = unknown;

export type Methods = ReadonlyMap<string, (params: Params) => unknown>;

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
export function answerJsonRpc(methods: Methods, text: string): string | undefined {
  let message: unknown;
  try {
    message = parseExactJson(text);
  } catch {
    return JSON.stringify(failure(null, parseError, "Parse error"));
  }
  if (!Array.isArray(message)) {
    const answer = answerOne(methods, message);
    return answer && JSON.stringify(answer);
  }
  if (message.length === 0) return JSON.stringify(failure(null, invalidRequest, "Invalid Request: empty batch"));
  if (message.length > maxBatchRequests) {
    const problem = `Invalid Request: a batch has at most ${maxBatchRequests} requests`;
    return JSON.stringify(failure(null, invalidRequest, problem));
  }
  return answerBatch(methods, message);
}

type Answer =
  | { readonly jsonrpc: "2.0"; readonly result: unknown; readonly id: unknown }
  | {
      readonly jsonrpc: "2.0";
      readonly error: { readonly code: number; readonly message: string };
      readonly id: unknown;
    };

function answerBatch(methods: Methods, requests: readonly unknown[]): string | undefined {
  const answers: string[] = [];
  let length = 0;
  for (const request of requests) {
    const answer = length < maxBatchAnswerLength ? answerOne(methods, request) : refuseRest(request);
    if (answer === undefined) continue;
    const text = JSON.stringify(answer);
    length += text.length;
    answers.push(text);
  }
  return answers.length === 0 ? undefined : `[${answers.join(",")}]`;
}

/** Undefined for a notification, which is carried out all the same. */
function answerOne(methods: Methods, request: unknown): Answer | undefined {
  if (!isRequest(request)) return failure(idOf(request) ?? null, invalidRequest, "Invalid Request");
  const id = idOf(request);
  const answer = call(methods, request, id);
  return id === undefined ? undefined : answer;
}

function call(methods: Methods, { method: name, params }: JsonRpcRequest, id: unknown): Answer {
  const method = methods.get(name);
  if (method === undefined) return failure(id, methodNotFound, "Method not found");
  try {
    return { jsonrpc: "2.0", result: method(params ?? undefined), id };
  } catch (error) {
    if (error instanceof InvalidParams) return failure(id, invalidParams, `Invalid params: ${error.message}`);
    if (error instanceof VmError) return failure(id, codeOf(error), error.message);
    throw error;
  }
}

function refuseRest(request: unknown): Answer | undefined {
  const id = idOf(request);
  return id === undefined ? undefined : failure(id, internalError, "the answers to this batch are too large");
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

function codeOf({ refusal }: VmError): number {
  switch (refusal.code) {
    case "malformed id":
      return invalidParams;
    default:
      return internalError; // as timestampvm-rs answers every error of the VM
  }
}

/** Like `JSON.parse`, but a number that would be written back otherwise stays the text it was. */
function parseExactJson(text: string): unknown {
  if (!mayHaveLongId.test(text)) return JSON.parse(text); // without a reviver, several times faster
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value !== "number" || context?.source === undefined || String(value) === context.source) return value;
    return JSON.rawJSON(context.source);
  });
}

/** A numeric id of many digits, with a sign or a fraction, or a key that may be `id` in disguise. */
const mayHaveLongId = /\\u|"id"\s*:\s*(?:-|\d{16}|\d*[.eE])/;

const parseError = -32700;
const invalidRequest = -32600;
const methodNotFound = -32601;
const invalidParams = -32602;
const internalError = -32603;
