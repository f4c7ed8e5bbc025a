import { codeOf, messageOf } from "../avalanche/coded-error.ts";
import { formatExactJson, isJsonObject, parseExactJson } from "../core/exact-json.ts";
import { formatSize } from "../core/format.ts";
import type { MethodName, ParamsOf, ResultOf } from "./contract.ts";
import { type Endpoint, endpointOf, hideSecrets } from "./endpoint.ts";
import { maxAnswerBytes } from "./limits.ts";
import { NoAnswerError } from "./no-answer.ts";
import { readText } from "./read-text.ts";
import { RpcError } from "./rpc-error.ts";

/** One request is in each body, so that all may have the same id. */
const requestId = 1n;

/** Calls a method of the API; see `contract.ts` for what each takes and gives. Integers in results are bigints. */
export type CallApi = <Name extends MethodName>(
  method: Name,
  params: ParamsOf<Name>,
  signal?: AbortSignal,
) => Promise<ResultOf<Name>>;

/**
 * A client of the API at `url`, which ends in /rpc. Each call rejects with an `RpcError`, with the reason of its
 * signal, or with a `NoAnswerError`. A password in the URL is sent by HTTP's basic authentication; no error has it, nor
 * the URL's query. Runs in browsers, Bun and Node.js.
 */
export function createClient(url: string): CallApi {
  const server = endpointOf(url);
  return async (method, params, signal) => {
    const body = formatExactJson({ jsonrpc: "2.0", id: requestId, method, params });
    const reply = await send(server, body, signal);
    expectOk(server, reply);
    const { result, error } = parseAnswer(server.shown, reply.text);
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

interface Reply extends Pick<Response, "ok" | "status" | "headers"> {
  /** Undefined if it is too long to be an answer. */
  readonly text: string | undefined;
}

async function send({ url, headers, shown }: Endpoint, body: string, signal: AbortSignal | undefined): Promise<Reply> {
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual", // a redirected POST becomes a GET, and a password may go to another server
      headers: { ...headers, "Content-Type": "application/json" },
      body,
      ...(signal && { signal }),
    });
    const { ok, status, headers: answered } = response;
    return { ok, status, headers: answered, text: await readText(response, maxAnswerBytes) };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const message = `cannot reach ${shown}: ${wordsOf(error).replaceAll(url, shown)}`;
    throw new NoAnswerError({ code: "unreachable", cause: codeOf(error) }, message, { cause: error });
  }
}

/** Without the advice that a runtime gives to programmers. */
function wordsOf(error: unknown): string {
  return messageOf(error).replace(/ For more information, pass .*$/s, "");
}

/** A browser gives a redirect the status 0, and does not say where it leads. */
function expectOk({ url, shown }: Endpoint, { ok, status, headers, text = "" }: Reply): void {
  if (ok) return;
  if (status === 0 || redirects.includes(status)) {
    const target = headers.get("location") ?? "";
    const location = hideSecrets(URL.canParse(target, url) ? new URL(target, url).href : target);
    throw new NoAnswerError({ code: "redirect", location }, `${shown} redirects to ${location || "another URL"}`);
  }
  const shownText = text.slice(0, maxShownLength).trim();
  throw new NoAnswerError(
    { code: "http status", status, text: shownText },
    `${shown} answers HTTP ${status}: ${shownText}`,
  );
}

/** RFC 9110, 15.4. */
const redirects: readonly number[] = [301, 302, 303, 307, 308];

function parseAnswer(url: string, text: string | undefined): Answer {
  if (text === undefined) {
    throw new NoAnswerError({ code: "no json-rpc" }, `${url} answers with more than ${formatSize(maxAnswerBytes)}`);
  }
  try {
    const answer: unknown = parseExactJson(text);
    if (isAnswer(answer)) return answer;
  } catch {
    // Not JSON: refused below, like everything that is no answer.
  }
  throw new NoAnswerError(
    { code: "no json-rpc" },
    `${url} does not answer in JSON-RPC: ${text.slice(0, maxShownLength)}`,
  );
}

/** Whether this answers our request. Servers of JSON-RPC 1.0 send null if there is no error. */
function isAnswer(value: unknown): value is Answer {
  if (!isJsonObject(value)) return false;
  const { id, error } = value;
  if (error === undefined || error === null) return "result" in value && id === requestId;
  if (id !== requestId && id !== null) return false; // a server that could not read the id sends null
  return isJsonObject(error) && typeof error.code === "bigint" && typeof error.message === "string";
}
