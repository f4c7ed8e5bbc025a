import type { MethodName, ParamsOf, ResultOf } from "./contract.ts";

/** Calls a method of the API; see `contract.ts` for what each takes and gives. Integers in results are bigints. */
export type Call = <Name extends MethodName>(
  method: Name,
  params: ParamsOf<Name>,
  signal?: AbortSignal,
) => Promise<ResultOf<Name>>;

/** The answer of a server that does not do what it was asked to. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  /** As in the README's table of errors. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * A client of the API at `url`, which ends in /rpc. Each call rejects with an `RpcError`, with the reason of its signal, or
 * with an `Error` that says why no answer came. Runs in browsers, Bun and Node.js.
 */
export function createClient(url: string): Call {
  return async (method, params, signal) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }, writeExact);
    const response = await send(url, body, signal);
    const text = await response.text();
    if (!response.ok)
      throw new Error(`${url} answers HTTP ${response.status}: ${text.slice(0, maxShownLength).trim()}`);
    const { result, error } = parseAnswer(url, text);
    if (error !== undefined) throw new RpcError(Number(error.code), error.message);
    return result as ResultOf<typeof method>;
  };
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: bigint; readonly message: string };
}

/** Characters of a reply that an error shows. */
const maxShownLength = 200;

async function send(url: string, body: string, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new Error(`cannot reach ${url}: ${(error as Error).message}`, { cause: error });
  }
}

function parseAnswer(url: string, text: string): Answer {
  try {
    const answer: unknown = JSON.parse(text, readExact);
    if (typeof answer === "object" && answer !== null && ("result" in answer || "error" in answer))
      return answer as Answer;
  } catch {
    // Refused below, as everything that is no answer.
  }
  throw new Error(`${url} does not answer in JSON-RPC: ${text.slice(0, maxShownLength)}`);
}

/** Where the engine cannot write or give the digits (ECMAScript 2027), a number is as exact as JSON makes it. */
function writeExact(_key: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return JSON.rawJSON?.(value.toString()) ?? Number(value);
}

function readExact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && Number.isInteger(value) ? BigInt(context?.source ?? value) : value;
}
