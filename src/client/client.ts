import { messageOf } from "../avalanche/coded-error.ts";
import { formatExactJson, parseExactJson } from "../core/exact-json.ts";
import type { MethodName, ParamsOf, ResultOf } from "./contract.ts";
import { type Endpoint, endpointOf } from "./endpoint.ts";
import { RpcError } from "./rpc-error.ts";

/** Calls a method of the API; see `contract.ts` for what each takes and gives. Integers in results are bigints. */
export type CallApi = <Name extends MethodName>(
  method: Name,
  params: ParamsOf<Name>,
  signal?: AbortSignal,
) => Promise<ResultOf<Name>>;

/**
 * A client of the API at `url`, which ends in /rpc. Each call rejects with an `RpcError`, with the reason of its
 * signal, or with an `Error` that says why no answer came. A password in the URL is sent by HTTP's basic
 * authentication; no error has it, nor the URL's query. Runs in browsers, Bun and Node.js.
 */
export function createClient(url: string): CallApi {
  const server = endpointOf(url);
  return async (method, params, signal) => {
    const body = formatExactJson({ jsonrpc: "2.0", id: 1, method, params });
    const { ok, status, text } = await send(server, body, signal);
    if (!ok) throw new Error(`${server.shown} answers HTTP ${status}: ${text.slice(0, maxShownLength).trim()}`);
    const { result, error } = parseAnswer(server.shown, text);
    if (error) throw new RpcError(Number(error.code), error.message || `error ${error.code}`, error.data);
    return result as ResultOf<typeof method>;
  };
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: bigint; readonly message: string; readonly data?: unknown } | null;
}

/** Characters of a reply that an error shows. */
const maxShownLength = 200;

interface Reply {
  readonly ok: boolean;
  readonly status: number;
  readonly text: string;
}

async function send({ url, headers, shown }: Endpoint, body: string, signal: AbortSignal | undefined): Promise<Reply> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body,
      ...(signal && { signal }),
    });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new Error(`cannot reach ${shown}: ${messageOf(error).replaceAll(url, shown)}`, { cause: error });
  }
}

function parseAnswer(url: string, text: string): Answer {
  try {
    const answer: unknown = parseExactJson(text);
    if (isAnswer(answer)) return answer;
  } catch {
    // Not JSON: refused below, like everything that is no answer.
  }
  throw new Error(`${url} does not answer in JSON-RPC: ${text.slice(0, maxShownLength)}`);
}

/** Servers of JSON-RPC 1.0 send null if there is no error. */
function isAnswer(value: unknown): value is Answer {
  if (!isObject(value)) return false;
  const { error } = value;
  if (error === undefined || error === null) return "result" in value;
  return isObject(error) && typeof error.code === "bigint" && typeof error.message === "string";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
