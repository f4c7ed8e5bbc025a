import { type Awaitable, andThen } from "../avalanche/awaitable.ts";
import type { HeaderLine, HttpAsker, SimpleAnswer, SimpleRequest } from "../rpcchainvm/services/http-handler.ts";

/** Answers the body of a JSON-RPC call, "" for no content. Undefined, with nothing done, if it cannot. */
export type AnswerRpc = (body: Uint8Array, asker: HttpAsker) => Awaitable<string> | undefined;

/**
 * The short cut for JSON-RPC calls at `rpcPath`, which are small and many. Undefined for any other request: the usual
 * way answers it, with its own errors.
 */
export function answerSimpleBy(answerRpc: AnswerRpc, rpcPath: string) {
  return ({ method, path, headers, body }: SimpleRequest, asker: HttpAsker): Awaitable<SimpleAnswer> | undefined => {
    const isCall = method === "POST" && path === rpcPath && headers.some(isJsonType) && !headers.some(isCoding);
    const json = isCall ? answerRpc(body, asker) : undefined;
    return json === undefined ? undefined : andThen(json, toAnswer);
  };
}

function toAnswer(json: string): SimpleAnswer {
  if (json === "") return { code: 204, headers: [], body: new Uint8Array() };
  return { code: 200, headers: [jsonType], body: Buffer.from(json) };
}

const jsonType: HeaderLine = { key: "Content-Type", values: ["application/json"] };

/** The usual way says which codings are not taken. */
function isCoding({ key }: HeaderLine): boolean {
  return key === "Content-Encoding";
}

function isJsonType({ key, values }: HeaderLine): boolean {
  return key === jsonType.key && values.length === 1 && values[0] === jsonType.values[0];
}
